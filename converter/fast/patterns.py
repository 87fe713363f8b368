"""The program of a fast net: which step computes what from what, and which blobs nobody reads after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from converter.dilatednet.model import DilatedNet
from converter.fast.convolution.choice import form_of
from converter.fast.convolution.filter import Filter, Form, Place
from converter.layers.convolution import Convolution
from converter.layers.dropout import Dropout
from converter.layers.layer import Call
from converter.layers.relu import ReLU
from converter.layers.softmax import Softmax
from converter.plan.plan import Step
from converter.pytorch.caffe_module import CaffeModule, LayerModule


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the program: `compute` takes the bottoms and gives the tops; `drops` are not read again.

    `form` is the convolution's, None of other steps.
    """

    compute: Callable[[list[Tensor]], list[Tensor]]
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    drops: tuple[str, ...]
    form: Form | None = None


def of_chain(net: DilatedNet, place: Place) -> list[Stage]:
    """A hand-written net: its children in a row; blob names are Caffe's."""
    children = list(net.named_children())
    program: list[Stage] = []
    bottom = "data"
    for number, (name, child) in enumerate(children):
        if isinstance(child, nn.Dropout | nn.ReLU):
            continue
        form = None
        if isinstance(child, nn.Conv2d):
            rectified = number + 1 < len(children) and isinstance(children[number + 1][1], nn.ReLU)
            form = form_of(_filter_of(child, rectified), place)
        program.append(Stage(_one(form or _moved(child, place)), (bottom,), (name,), (), form))
        bottom = name
    return program


def _filter_of(conv: nn.Conv2d, rectified: bool) -> Filter:
    pair = (cast("tuple[int, int]", tuple(sizes)) for sizes in (conv.stride, conv.padding, conv.dilation))
    stride, pad, dilation = pair
    return Filter(conv.weight, conv.bias, stride, pad, dilation, conv.groups, rectified)


def _moved(child: nn.Module, place: Place) -> Callable[[Tensor], Tensor]:
    """A child that has no fast form; softmax computes in float32 whatever the net's type."""
    if isinstance(child, nn.Softmax):
        return lambda x: child(x.float())
    if not list(child.parameters()):
        return child
    return _LazyMove(child, place)


class _LazyMove:
    """A module with parameters (an upsampling), copied to the device and type at its first call."""

    def __init__(self, module: nn.Module, place: Place) -> None:
        self._module, self._place = module, place
        self._copy: dict[str, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        if not self._copy:
            state = {**dict(self._module.named_parameters()), **dict(self._module.named_buffers())}
            self._copy = {
                name: value.detach().to(self._place.device, self._place.dtype) for name, value in state.items()
            }
        answer: Tensor = torch.func.functional_call(self._module, self._copy, (x,))
        return answer


def of_caffe_module(net: CaffeModule, place: Place) -> list[Stage]:
    """A net of Caffe's layers in file order, convolutions packed, each with the in-place rectification behind it."""
    program: list[Stage] = []
    steps = list(zip(net.plan.steps, (cast(LayerModule, child) for child in net._modules.values()), strict=True))
    fused: set[int] = set()
    for number, (step, module) in enumerate(steps):
        if step.operator.is_input or number in fused:
            continue
        form = None
        follower = steps[number + 1][0] if number + 1 < len(steps) else None
        if _is_plain_convolution(step):
            rectified = follower is not None and _rectifies_in_place(follower, step)
            fused.update({number + 1} if rectified else ())
            form = form_of(_filter_of_layer(step, module, rectified), place)
            compute = _one(form)
        elif isinstance(step.operator, Dropout):
            compute = _same
        else:
            compute = _layer(module, step, place)
        program.append(Stage(compute, step.layer.bottoms, step.layer.tops, (), form))
    return program


def _is_plain_convolution(step: Step) -> bool:
    operator = step.operator
    return (
        type(operator) is Convolution
        and len(step.layer.bottoms) == 1
        and operator.axis == 1
        and len(operator.geometry.kernel) == 2
    )


def _rectifies_in_place(follower: Step, step: Step) -> bool:
    """Whether the next layer is a plain ReLU that overwrites this layer's top."""
    operator = follower.operator
    return (
        isinstance(operator, ReLU)
        and operator.negative_slope == 0
        and follower.layer.bottoms == follower.layer.tops == step.layer.tops
    )


def _filter_of_layer(step: Step, module: LayerModule, rectified: bool) -> Filter:
    operator = cast(Convolution, step.operator)
    bias = module.blob(1) if len(module.slots) > 1 else None
    stride, pad, dilation = (
        cast("tuple[int, int]", sizes)
        for sizes in (operator.geometry.stride, operator.geometry.pad, operator.geometry.dilation)
    )
    return Filter(module.blob(0), bias, stride, pad, dilation, operator.group, rectified)


def _layer(module: LayerModule, step: Step, place: Place) -> Callable[[list[Tensor]], list[Tensor]]:
    """Any other layer, run by its own operator; blobs are moved at the first call, softmax computes in float32."""
    moved: list[Tensor] = []

    def compute(bottoms: list[Tensor]) -> list[Tensor]:
        if len(moved) < len(module.slots):
            moved.extend(
                module.blob(index).detach().to(place.device, place.dtype) for index in range(len(module.slots))
            )
        if isinstance(step.operator, Softmax):
            bottoms = [x.float() for x in bottoms]
        return step.operator.forward(Call(bottoms, moved, False, {"dtype": place.dtype, "device": place.device}))

    return compute


def _one(function: Callable[[Tensor], Tensor]) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda bottoms: [function(bottoms.pop())]


def _same(bottoms: list[Tensor]) -> list[Tensor]:
    return bottoms


def with_drops(program: Sequence[Stage], outputs: Sequence[str]) -> list[Stage]:
    """The program with, at each stage, the blobs that nobody reads after it."""
    last: dict[str, int] = {}
    for number, stage in enumerate(program):
        last.update(dict.fromkeys((*stage.bottoms, *stage.tops), number))
    drops: dict[int, list[str]] = {}
    for name, number in last.items():
        if name not in outputs:
            drops.setdefault(number, []).append(name)
    return [replace(stage, drops=tuple(drops.get(number, ()))) for number, stage in enumerate(program)]
