"""Reading a net, and reading a net with its weights into a module."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from converter.errors import UnsupportedParameterError
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.registry import read_stored
from converter.formats.weights.stored import StoredNet
from converter.net.net import Net, Phase, Shape, build_net
from converter.plan.plan import Plan, build_plan
from converter.plan.weights import Assignment, assign, fill_all

if TYPE_CHECKING:
    from converter.pytorch.caffe_module import CaffeModule

Path = str | os.PathLike[str]


def read_net(
    prototxt: Path,
    phase: Phase | None = "test",
    *,
    allow_unknown: bool = False,
    stages: Sequence[str] = (),
    level: int = 0,
) -> Net:
    """The frozen net of a prototxt of any age, for one phase; None keeps every layer. Nothing is imported from torch.

    Args:
        prototxt: a text file: a NetParameter of today's, V1's or V0's form, or of a fork.
        phase: "test", "train" or None.
        allow_unknown: go on past fields of the net itself that Caffe does not know (those of layers are looked at when
            layers are built) and list them in `unknown`.
        stages: stages that layers' rules may ask for.
        level: level that layers' rules may ask for.

    Raises:
        PrototxtError: the text does not read.
        GraphError: the layers do not connect.
    """
    notes: list[str] = []
    record = upgrade_net(read_prototxt(prototxt), notes)
    net = build_net(record, phase=phase, stages=stages, level=level, notes=notes)
    if net.unknown and not allow_unknown:
        first = net.unknown[0]
        raise UnsupportedParameterError(
            f"{first.name}: no such field in a net; correct it, or allow unknown fields to go on without it",
            path=first.where.path,
            line=first.where.line,
            field=first.name,
        )
    return net


def load(
    prototxt: Path,
    weights: Path | None = None,
    *,
    phase: Phase = "test",
    allow_unknown: bool = False,
    inputs: Mapping[str, Shape] | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
    fill_missing: bool = False,
    seed: int | None = None,
) -> CaffeModule:
    """A net as a PyTorch module with its weights, on the CPU; in training mode for phase "train".

    Parameters are views of the mapped file: nothing is copied until it is used.

    Args:
        prototxt: the net, see `read_net`.
        weights: `.caffemodel`, `.caffemodel.h5` or `.safetensors`; None fills every blob as the prototxt says (Caffe's
            default where it names no filler: zeros) and says so in `notes`.
        phase: "test" or "train".
        allow_unknown: go on where fields of the net or layers of the weights find no place; `notes` lists them.
        inputs: shapes of inputs whose shape the file does not state.
        stages: stages that layers' rules may ask for.
        level: level that layers' rules may ask for.
        fill_missing: fill layers that the weights lack as the prototxt says, and list them in `notes`.
        seed: of the random fillers; None draws one.

    Raises:
        ConversionError: see `converter.errors` for its kinds.
    """
    from converter.pytorch.caffe_module import CaffeModule

    net = read_net(prototxt, phase, allow_unknown=allow_unknown, stages=stages, level=level)
    stored = None if weights is None else read_stored(weights)
    counts = {layer.name: len(layer.blobs) for layer in stored.layers if layer.blobs} if stored is not None else None
    plan = build_plan(net, inputs, allow_unknown=allow_unknown, stored_blobs=counts)
    given = assigned(plan, stored, fill_missing=fill_missing, allow_unused=allow_unknown, seed=seed)
    notes = (
        *net.notes,
        *(f"{item.where}: {item.name}: unknown to Caffe, not used" for item in net.unknown),
        *map(str, plan.leftovers),
        *given.notes,
    )
    return CaffeModule.of(plan, given.arrays, notes).train(phase == "train")


def assigned(
    plan: Plan,
    weights: Path | StoredNet | None,
    *,
    fill_missing: bool = False,
    allow_unused: bool = False,
    seed: int | None = None,
) -> Assignment:
    """Arrays for every layer of a plan: from a weights file, or from the prototxt's fillers where there is none."""
    if weights is None:
        return fill_all(plan, seed)
    stored = weights if isinstance(weights, StoredNet) else read_stored(weights)
    return assign(plan, stored, fill_missing=fill_missing, allow_unused=allow_unused, seed=seed)
