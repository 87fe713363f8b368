"""A published net at its start, as a weights file that says what net it is of: to try the program, or to train from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from converter.data.label_sets import LabelSet
from converter.dilatednet.model import DilatedNet
from converter.dilatednet.trained import describe, write_trained
from converter.dilatednet.zoo import Model
from converter.errors import ConversionError, WeightsError


def initial_model(
    model: Model, *, width: int = 0, fc_width: int = 0, labels: LabelSet | None = None, context: bool = True
) -> Model:
    """A net's record with other widths (0: the published), classes, or without its context module.

    Raises:
        ConversionError: the net has no classes.
    """
    if not model.topology.classes:
        raise ConversionError(f"{model.name} has no classes, and so no whole net; name another model")
    topology = replace(
        model.topology,
        width=width or model.topology.width,
        fc_width=fc_width or (2 * width * 16 if width else model.topology.fc_width),
        context=model.topology.context if context else None,
        classes=len(labels.classes) if labels else model.topology.classes,
    )
    topology = replace(topology, upsample=topology.upsample and context)
    named = replace(labels or model.label_set, mean=model.label_set.mean, zoom=1 if topology.upsample else 8)
    return replace(model, topology=topology, label_set=named)


def write_initial(
    path: str | os.PathLike[str], model: Model, seed: int = 0, given: Mapping[str, Tensor] | None = None
) -> int:
    """Write the weights that a net starts from (`converter.dilatednet.initialization`); the number of their values.

    `given`: tensors by key that stand in the drawn ones' place, such as VGG-16's; others are left out.

    Raises:
        WeightsError: none of them fits, or one is of another shape.
        OutputError: the file cannot be written.
    """
    torch.manual_seed(seed)
    state = DilatedNet.of(model.topology).state_dict()
    taken = {name: value for name, value in (given or {}).items() if name in state}
    wrong = [name for name, value in taken.items() if value.numel() != state[name].numel()]
    if wrong or (given and not taken):
        seen = (
            f"{tuple(taken[wrong[0]].shape)} for {wrong[0]} of {tuple(state[wrong[0]].shape)}" if wrong else "no layer"
        )
        raise WeightsError(f"these weights hold {seen}; give VGG-16's, and no --width", misshapen=tuple(wrong))
    state |= {name: value.reshape(state[name].shape) for name, value in taken.items()}
    stage = "joint" if model.topology.context else "frontend"
    arrays = {name: value.float().numpy() for name, value in state.items()}
    write_trained(Path(path), arrays, {"seed": str(seed), **describe(model, stage)})
    return sum(value.numel() for value in state.values())
