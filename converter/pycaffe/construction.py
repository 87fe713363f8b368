"""A net as pycaffe needs it: the module, the readers of its data layers, its Python layers, its `force_backward`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.data.caffe_layers import LayerReader, layer_data, reads_files
from converter.errors import ConversionError, ShapeError
from converter.files.named import allow_all_files
from converter.formats import weights as weights_files
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.stored import StoredWeights
from converter.net.net import Net as FrozenNet
from converter.net.net import Phase, Shape, build_net
from converter.net.splits import Listing, list_layers
from converter.plan.plan import ConfiguredLayer, Plan, build_plan
from converter.plan.stored_names import blob_counts
from converter.pycaffe import mode
from converter.pycaffe.errors import CaffeError
from converter.pycaffe.net_blobs import NetBlobs
from converter.pycaffe.python_operator import PythonLayers
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.loading import weights_of


@dataclass(slots=True)
class Construction:
    """What a net is made of.

    Attributes:
        module: the net in PyTorch.
        listing: its layers as Caffe lists them.
        blobs: its blobs.
        readers: what reads files for each data layer, by layer name.
        python: its Python layers.
        force_backward: every bottom is to get a gradient.
    """

    module: CaffeModule
    listing: Listing
    blobs: NetBlobs
    readers: dict[str, LayerReader]
    python: PythonLayers
    force_backward: bool

    @property
    def steps(self) -> list[ConfiguredLayer | None]:
        """What the plan has of each layer of the listing: nothing of a Split layer that Caffe would insert."""
        steps = self.module.plan.steps
        return [None if layer.index is None else steps[layer.index] for layer in self.listing.layers]

    @property
    def loss_weights(self) -> dict[str, float]:
        """Each loss's weight, by the blob that carries it."""
        return self.listing.loss_weights(self.module.loss_weights)

    def replan(self, inputs: dict[str, Shape]) -> Plan:
        """The net configured again with other shapes of its inputs.

        Raises:
            ConversionError: a layer cannot take them.
        """
        net = self.module.plan.net
        with self.python.register_classes(net):
            plan = build_plan(net, inputs)
        for old, new in zip(self.module.plan.steps, plan.steps, strict=True):
            shapes = [[blob.shape for blob in step.operator.blobs] for step in (old, new)]
            if shapes[0] != shapes[1]:
                text = f"layer {old.layer.name!r} ({old.layer.type}) has blobs of {shapes[0]}; bottoms of"
                text = f"{text} {list(new.bottom_shapes)} need {shapes[1]}; keep its bottoms' sizes"
                raise ShapeError(text, path=net.path, layer=old.layer.name)
        return plan


def net_record(path: str | os.PathLike[str]) -> Record:
    """The NetParameter in a prototxt of any age, upgraded.

    Raises:
        CaffeError: there is no such file.
        PrototxtError: the text does not read.
    """
    check_file(path)
    return upgrade_net(read_prototxt(path), [])


def check_file(path: str | os.PathLike[str]) -> None:
    """Refuse a file that cannot be opened, with the words that scripts know.

    Raises:
        CaffeError: it cannot.
    """
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise CaffeError(f"Could not open file {os.fspath(path)}: {error.strerror}; check the path") from error


@allow_all_files()
def construct(
    record: Record,
    phase: Phase,
    weights: str | os.PathLike[str] | None,
    *,
    level: int = 0,
    stages: Sequence[str] = (),
) -> Construction:
    """Build a net of one phase; files that it names are read from wherever they lie, as in Caffe.

    Args:
        record: an upgraded NetParameter.
        phase: "train" or "test".
        weights: a file to copy from; layers that it lacks are filled, layers that the net lacks are left out, as in
            Caffe.
        level: level that layers' rules may ask for.
        stages: stages that layers' rules may ask for.

    Raises:
        ConversionError: see `converter.errors` for its kinds.
    """
    net = build_net(record, phase=phase, stages=stages, level=level)
    if net.unknown:
        first = net.unknown[0]
        raise CaffeError(f"{first.name}: no such field in a net; correct it", path=first.where.path)
    stored: StoredWeights | None = None
    if weights is not None:
        check_file(weights)
        stored = weights_files.read(weights)
    seed = mode.next_seed()
    readers = _readers(net, seed or 0)
    listing = list_layers(net.layers)
    blobs = NetBlobs(listing)
    python = PythonLayers(listing.layers, blobs.blob)
    shapes = {top: shape for reader in readers.values() for top, shape in reader.shapes().items()}
    with python.register_classes(net):
        plan = build_plan(net, shapes, stored_blobs=blob_counts(stored))
    values = weights_of(plan, stored, fill_missing=True, allow_unused=True, seed=seed)
    module = CaffeModule.of(plan, values).train(phase == "train")
    blobs.reshape(plan.shapes)
    return Construction(module, listing, blobs, readers, python, net.force_backward)


def _readers(net: FrozenNet, seed: int) -> dict[str, LayerReader]:
    found: dict[str, LayerReader] = {}
    for layer in net.layers:
        if reads_files(layer.type):
            try:
                found[layer.name] = layer_data(layer, seed)
            except ConversionError as error:
                error.layer = error.layer or layer.name
                raise
    return found
