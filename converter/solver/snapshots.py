"""A running net's blobs to and from weights files that Caffe reads.

Source: src/caffe/net.cpp (ToProto, ToHDF5, CopyTrainedLayersFrom).
"""

from __future__ import annotations

import os

from converter.formats.protobuf.layer_definition import record_definition
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from converter.formats.weights.stored import Array, StoredWeights
from converter.plan.layer_fit import is_shared
from converter.plan.plan import ConfiguredLayer
from converter.plan.saved_layers import SavedLayer, saved_layers
from converter.plan.stored_names import possible_names
from converter.plan.weights import match
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.layer_blobs import caffe_blobs


def save_blobs(net: CaffeModule, path: str | os.PathLike[str]) -> None:
    """Write every layer with its blobs, to HDF5 where `path` ends in `.h5`, else as a `.caffemodel`.

    Raises:
        OutputError: it cannot be written.
    """
    if str(path).endswith(".h5"):
        save_hdf5(net, path)
    else:
        save_caffemodel(net, path)


def save_caffemodel(net: CaffeModule, path: str | os.PathLike[str]) -> None:
    """Write every layer with its definition and blobs as a `.caffemodel`, Split layers among them.

    Raises:
        OutputError: it cannot be written.
    """
    write_caffemodel(path, net.plan.net.name, (_layer(net, saved) for saved in saved_layers(net.plan)))


def save_hdf5(net: CaffeModule, path: str | os.PathLike[str]) -> None:
    """Write every layer's blobs as Caffe's HDF5 weights, with an empty group for a layer that has none.

    A shared blob is written with the layer that owns it alone.

    Raises:
        OutputError: it cannot be written.
    """
    from converter.formats.weights.hdf5_writer import write_hdf5

    write_hdf5(path, ((saved.name, _own_arrays(net, saved.step)) for saved in saved_layers(net.plan)))


def _layer(net: CaffeModule, saved: SavedLayer) -> OutputLayer:
    """A layer with its whole definition, as Caffe's own snapshots have it."""
    definition = record_definition(saved.record)
    return OutputLayer(saved.name, saved.type, tuple(_arrays(net, saved.step)), *definition)


def load_blobs(net: CaffeModule, stored: StoredWeights, *, partial: bool = False) -> list[str]:
    """Copy a weights file's blobs into the net's parameters, in place.

    `partial`: layers missing from the file keep what they have, and layers that the net lacks are left out; the result
    names both.

    Raises:
        WeightsError: blobs of another shape; missing or left over, unless `partial`.
    """
    keys = {step.key for step in net.plan.steps if not step.repeat}
    matched = match(net.plan, stored, fill_missing=partial, allow_unused=partial).arrays
    arrays = {name: blobs for name, blobs in matched.items() if name in keys}
    given = {name for key in stored.layers_with_blobs() for name in possible_names(stored, key)}
    for name in (name for name in arrays if name in given):
        net.set_blobs(name, arrays[name])
    missing, unused = [name for name in arrays if name not in given], [name for name in given if name not in arrays]
    told = (("not in the weights, filled", missing), ("in the weights, not in the net", unused))
    return [f"{words}: {', '.join(names)}" for words, names in told if names]


def _own_arrays(net: CaffeModule, step: ConfiguredLayer | None) -> list[Array | None]:
    """A layer's blobs; None in the place of one that an earlier layer owns."""
    arrays = _arrays(net, step)
    return [None if step and is_shared(step, place, net.plan) else array for place, array in enumerate(arrays)]


def _arrays(net: CaffeModule, step: ConfiguredLayer | None) -> list[Array]:
    """A layer's blobs on the CPU; a shared one is written with each of its layers, as in a .caffemodel of Caffe's."""
    if step is None or not step.operator.blobs:
        return []
    blobs = caffe_blobs(net, net.facts.layers[net.plan.steps.index(step)])
    return [blob.detach().cpu().numpy() for blob in blobs]
