"""A net's weights from and to files, and from other nets.

Source: src/caffe/net.cpp (CopyTrainedLayersFrom, ToProto, ToHDF5, ShareTrainedLayersWith).
"""

from __future__ import annotations

import os

from converter.formats import weights as weights_files
from converter.pycaffe.construction import check_file
from converter.pycaffe.errors import as_caffe_errors
from converter.pycaffe.net_views import NetViews
from converter.solver.snapshots import load_blobs, save_caffemodel, save_hdf5

Path = str | os.PathLike[str]


class NetWeights(NetViews):
    """A net whose weights come and go."""

    def copy_from(self, filename: Path) -> None:
        """Copy the weights of a file: layers meet by name, those that only one side has are passed over.

        Raises:
            CaffeError: the file is not there, does not read, or has blobs of other shapes.
        """
        with as_caffe_errors():
            check_file(filename)
            self._parameters.write_back()
            load_blobs(self.module, weights_files.read(filename), partial=True)
        self._parameters.refresh()

    load_hdf5 = copy_from

    def save(self, filename: Path) -> None:
        """Write all layers with their weights as a `.caffemodel`, whatever the file's name.

        Raises:
            CaffeError: it cannot be written.
        """
        self._parameters.write_back()
        with as_caffe_errors():
            save_caffemodel(self.module, filename)

    def save_hdf5(self, filename: Path) -> None:
        """Write all weights as Caffe's HDF5 file, whatever the file's name.

        Raises:
            CaffeError: it cannot be written.
        """
        self._parameters.write_back()
        with as_caffe_errors():
            save_hdf5(self.module, filename)

    def share_with(self, other: NetViews) -> None:
        """Use the other net's weights, the same memory, in the layers of the same names.

        Raises:
            CaffeError: blobs of other shapes.
        """
        with as_caffe_errors():
            self.module.adopt(other.module)
        self._parameters.share(other._parameters)
        self._shares = other._shares = True

    def clear_param_diffs(self) -> None:
        """Set the parameters' gradients to zero; arrays of them show it."""
        self._parameters.clear_diffs()
