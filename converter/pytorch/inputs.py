"""What a caller gives a CaffeModule: inputs by position or by Caffe's name, checked once, NumPy arrays converted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from converter.errors import ShapeError
from converter.net.net import Shape
from converter.pytorch.facts import NetFacts


def floating_parameter(module: nn.Module) -> Tensor | None:
    """A parameter whose type and device inputs have; None where the module has none."""
    return next((value for value in module.parameters() if value.is_floating_point()), None)


def arguments_of(
    facts: NetFacts, args: Sequence[Any], inputs: Mapping[str, Any], like: Tensor | None
) -> tuple[Tensor, ...]:
    """The inputs in the module's order, each of its input's shape; arrays become tensors of `like`'s dtype.

    Args:
        facts: names of the inputs.
        args: inputs given by position.
        inputs: inputs given by Caffe's name, or by the argument's Python name.
        like: a floating parameter of the module: NumPy arrays take its type and device, tensors must have them.

    Raises:
        ShapeError: an input is missing, unknown, given twice, no tensor, or of another type or device than the module;
            or an image without its batch axis, which torch's convolutions would take and later layers misread.
    """
    names = list(facts.inputs)
    if len(args) > len(names):
        raise ShapeError(f"{len(args)} inputs given; the net has {len(names)}: {', '.join(names)}")
    caffe_names = {python: name for name, python in facts.arguments.items()}
    given = dict(zip(names, args, strict=False))
    named = {caffe_names.get(name, name) if name not in facts.inputs else name: value for name, value in inputs.items()}
    twice = [name for name in named if name in given]
    missing = [name for name in names if name not in given and name not in named]
    unknown = [name for name in named if name not in names]
    for problem, these in (("unknown", unknown), ("missing", missing), ("given twice", twice)):
        if these:
            raise ShapeError(f"inputs: {problem} {', '.join(these)}; the net's inputs are {', '.join(names) or 'none'}")
    given.update(named)
    return tuple(_tensor(name, given[name], facts.inputs[name], like) for name in names)


def _tensor(name: str, value: Any, shape: Shape, like: Tensor | None) -> Tensor:
    """A tensor as it is, once its type and device are found to be the module's; an array as such a tensor."""
    if (
        isinstance(value, np.ndarray | Tensor)
        and len(shape) == 4
        and value.ndim == 3
        and value.shape[0] == shape[1] > 1
    ):
        message = f"input {name!r} is {tuple(value.shape)}, without the batch axis of {tuple(shape)}"
        raise ShapeError(f"{message}; add one with [None]")
    if isinstance(value, np.ndarray):
        dtype = like.dtype if like is not None else torch.from_numpy(np.empty(0, value.dtype)).dtype
        return torch.as_tensor(np.ascontiguousarray(value)).to(like.device if like is not None else "cpu", dtype)
    if not isinstance(value, Tensor):
        wanted = f"expected a tensor or a NumPy array of shape {shape or 'of your choice'}"
        raise ShapeError(f"input {name!r} is a {type(value).__name__}; {wanted}")
    if like is not None and value.device != like.device:
        raise ShapeError(
            f"input {name!r} is on {value.device}, the module on {like.device}; move one of them with .to()"
        )
    autocast = value.device.type != "meta" and torch.is_autocast_enabled(value.device.type)
    if like is not None and value.is_floating_point() and value.dtype != like.dtype and not autocast:
        raise ShapeError(
            f"input {name!r} is {_dtype_name(value)}, the module {_dtype_name(like)}; convert it with .to({like.dtype})"
        )
    return value


def misfits(facts: NetFacts, values: Sequence[Tensor], like: Tensor | None) -> str:
    """What inputs differ in from those that the net was made for, for an error; "" where they do not.

    Args:
        facts: names and shapes of the inputs.
        values: the inputs in the module's order.
        like: a floating parameter of the module.
    """
    told = []
    for (name, shape), value in zip(facts.inputs.items(), values, strict=False):
        if shape and tuple(value.shape[1:]) != tuple(shape[1:]):
            turned = len(shape) == value.ndim == 4 and value.shape[3] == shape[1]  # n, h, w, c
            remedy = "; give n, c, h, w: .permute(0, 3, 1, 2)" if turned else ""
            told.append(f"input {name!r} is {tuple(value.shape)}, the net was made for {tuple(shape)}{remedy}")
        if like is not None and not value.is_floating_point():
            told.append(f"input {name!r} is {_dtype_name(value)}; convert it with .to({like.dtype})")
    return "; ".join(told)


def _dtype_name(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
