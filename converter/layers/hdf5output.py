"""HDF5Output: blobs meant for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("HDF5Output")
class HDF5Output(Operator):
    """Takes data and labels, which Caffe writes to `file_name`; here the caller has every blob and writes none or all.

    Source: src/caffe/layers/hdf5_output_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Note the file's name."""
        self.expect_bottoms(bottoms, 2)
        self.file_name = p.message("hdf5_output_param").text("file_name", "")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """None."""
        return []
