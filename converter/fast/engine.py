"""Turns a CaffeModule or a DilatedNet into a short program of inference steps that gives the same outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from converter.dilatednet.model import DilatedNet
from converter.fast.convolution import Filter, PackedConvolution
from converter.layers.convolution import Convolution
from converter.layers.dropout import Dropout
from converter.layers.relu import ReLU
from converter.layers.softmax import Softmax
from converter.module import CaffeModule, LayerModule
from converter.plan import Step

if TYPE_CHECKING:
    from converter.dilatednet.tiles import Tile
    from converter.dilatednet.zoo import Model


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the program: `compute` takes the bottoms and gives the tops; `drops` are not read again."""

    compute: Callable[[list[Tensor]], list[Tensor]]
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    drops: tuple[str, ...]


class FastNet(nn.Module):
    """The outputs of a net, called as the net itself is; parity with the plain net is up to rounding.

    Convolutions are packed (see `PackedConvolution`) and take the rectification behind them along, dropout is left out,
    and every blob is freed after its last reader, so that two neighbouring blobs and the weights are all that is held.
    Inputs may be of any floating type; outputs are float32.

    Attributes:
        net: the module it was made of, in eval mode; its parameters are not to be changed any more.
        input_size: (height, width) of a tile, where the net has one.
        topology: of a hand-written net with classes, whose front end can run by itself; None of others.
    """

    def __init__(self, net: CaffeModule | DilatedNet, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.net = net.eval()
        self.dtype, self.device = dtype, device
        self.input_size: tuple[int, int] | None = getattr(net, "input_size", None)
        self.topology = net.topology if isinstance(net, DilatedNet) and net.topology.classes else None
        if isinstance(net, CaffeModule):
            self._inputs, self._outputs = tuple(net.inputs), net.outputs
            program = _of_caffe_module(net, dtype, device)
        else:
            self._inputs, self._outputs = ("data",), ("prob",)
            program = _of_chain(net, dtype, device)
        self._stages = _with_drops(program, self._outputs)

    @torch.inference_mode()
    def forward(self, *args: Tensor, **inputs: Tensor) -> Any:
        """What the net itself would answer: a dict for a CaffeModule, the probabilities for a DilatedNet."""
        values = {**dict(zip(self._inputs, args, strict=False)), **inputs}
        values = {name: self._prepared(value) for name, value in values.items()}
        self.run(values)
        outputs = {name: values[name].float() for name in self._outputs}
        return outputs if isinstance(self.net, CaffeModule) else outputs["prob"]

    @torch.inference_mode()
    def run(self, values: dict[str, Tensor], first: int = 0, last: int | None = None) -> None:
        """Run stages `first` to before `last`, taking from and adding to `values`."""
        for stage in self._stages[first:last]:
            bottoms = [values[name] for name in stage.bottoms]
            for name in stage.drops:
                values.pop(name, None)
            tops = stage.compute(bottoms)
            del bottoms
            values.update((name, top) for name, top in zip(stage.tops, tops, strict=True) if name not in stage.drops)

    def features(self, x: Tensor) -> Tensor:
        """The front end of a hand-written net: x (n, 3, h, w) -> the classifier's logits (n, classes, h', w')."""
        assert self.topology is not None
        values = {"data": self._prepared(x)}
        self.run(values, last=self._cut)
        return values[self.topology.classifier]

    def behind_features(self, features: Tensor) -> Tensor:
        """What follows the front end: its logits -> probabilities, float32."""
        assert self.topology is not None
        values = {self.topology.classifier: self._prepared(features)}
        self.run(values, first=self._cut)
        return values["prob"].float()

    def shared_probabilities(
        self,
        image: npt.NDArray[np.uint8],
        model: Model,
        size: tuple[int, int],
        on_tile: Callable[[int, int], None] | None = None,
    ) -> Iterator[tuple[Tile, Tensor]] | None:
        """A picture's tiles from one front end (see `converter.fast.shared`), or None where tiles must run singly."""
        from converter.fast.shared import shared_probabilities

        return shared_probabilities(self, image, model, size, on_tile)

    @property
    def _cut(self) -> int:
        """The number of the first stage behind the classifier."""
        assert self.topology is not None
        return next(number for number, stage in enumerate(self._stages) if self.topology.classifier in stage.tops) + 1

    def _prepared(self, value: Tensor) -> Tensor:
        moved = torch.as_tensor(value).to(self.device, self.dtype)
        return moved.contiguous(memory_format=torch.channels_last) if moved.ndim == 4 else moved


def accelerate(
    net: CaffeModule | DilatedNet, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> FastNet:
    """A net made fast for inference on a device, in float32, bfloat16 or (on CUDA) float16.

    Nothing is packed before the first call, so this returns at once; the net's own parameters stay where they are.
    """
    return FastNet(net, dtype, torch.device(device))


def _of_chain(net: DilatedNet, dtype: torch.dtype, device: torch.device) -> list[Stage]:
    """A hand-written net: its children in a row; blob names are Caffe's."""
    children = list(net.named_children())
    program: list[Stage] = []
    bottom = "data"
    for number, (name, child) in enumerate(children):
        if isinstance(child, nn.Dropout | nn.ReLU):
            continue
        if isinstance(child, nn.Conv2d):
            rectified = number + 1 < len(children) and isinstance(children[number + 1][1], nn.ReLU)
            compute = _one(PackedConvolution(_filter_of(child, rectified), dtype, device))
        else:
            compute = _one(_moved(child, dtype, device))
        program.append(Stage(compute, (bottom,), (name,), ()))
        bottom = name
    return program


def _filter_of(conv: nn.Conv2d, rectified: bool) -> Filter:
    pair = (cast("tuple[int, int]", tuple(sizes)) for sizes in (conv.stride, conv.padding, conv.dilation))
    stride, pad, dilation = pair
    return Filter(conv.weight, conv.bias, stride, pad, dilation, conv.groups, rectified)


def _moved(child: nn.Module, dtype: torch.dtype, device: torch.device) -> Callable[[Tensor], Tensor]:
    """A child that has no fast form; softmax computes in float32 whatever the net's type."""
    if isinstance(child, nn.Softmax):
        return lambda x: child(x.float())
    if not list(child.parameters()):
        return child
    return _LazyMove(child, dtype, device)


class _LazyMove:
    """A module with parameters (an upsampling), copied to the device and type at its first call."""

    def __init__(self, module: nn.Module, dtype: torch.dtype, device: torch.device) -> None:
        self._module, self._dtype, self._device = module, dtype, device
        self._copy: dict[str, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        if not self._copy:
            state = {**dict(self._module.named_parameters()), **dict(self._module.named_buffers())}
            self._copy = {name: value.detach().to(self._device, self._dtype) for name, value in state.items()}
        answer: Tensor = torch.func.functional_call(self._module, self._copy, (x,))
        return answer


def _of_caffe_module(net: CaffeModule, dtype: torch.dtype, device: torch.device) -> list[Stage]:
    """A net of Caffe's layers in file order, convolutions packed, each with the in-place rectification behind it."""
    program: list[Stage] = []
    steps = list(zip(net.plan.steps, (cast(LayerModule, child) for child in net._modules.values()), strict=True))
    fused: set[int] = set()
    for number, (step, module) in enumerate(steps):
        if step.operator.is_input or number in fused:
            continue
        follower = steps[number + 1][0] if number + 1 < len(steps) else None
        if _is_plain_convolution(step):
            rectified = follower is not None and _rectifies_in_place(follower, step)
            fused.update({number + 1} if rectified else ())
            compute = _one(PackedConvolution(_filter_of_layer(step, module, rectified), dtype, device))
        elif isinstance(step.operator, Dropout):
            compute = _same
        else:
            compute = _layer(module, step, dtype, device)
        program.append(Stage(compute, step.layer.bottoms, step.layer.tops, ()))
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


def _layer(
    module: LayerModule, step: Step, dtype: torch.dtype, device: torch.device
) -> Callable[[list[Tensor]], list[Tensor]]:
    """Any other layer, run by its own operator; blobs are moved at the first call, softmax computes in float32."""
    from converter.operator import Call

    moved: list[Tensor] = []

    def compute(bottoms: list[Tensor]) -> list[Tensor]:
        if len(moved) < len(module.slots):
            moved.extend(module.blob(index).detach().to(device, dtype) for index in range(len(module.slots)))
        if isinstance(step.operator, Softmax):
            bottoms = [x.float() for x in bottoms]
        return step.operator.forward(Call(bottoms, moved, False, {"dtype": dtype, "device": device}))

    return compute


def _one(function: Callable[[Tensor], Tensor]) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda bottoms: [function(bottoms.pop())]


def _same(bottoms: list[Tensor]) -> list[Tensor]:
    return bottoms


def _with_drops(program: Sequence[Stage], outputs: Sequence[str]) -> list[Stage]:
    """The program with, at each stage, the blobs that nobody reads after it."""
    last: dict[str, int] = {}
    for number, stage in enumerate(program):
        last.update(dict.fromkeys((*stage.bottoms, *stage.tops), number))
    drops: dict[int, list[str]] = {}
    for name, number in last.items():
        if name not in outputs:
            drops.setdefault(number, []).append(name)
    return [Stage(s.compute, s.bottoms, s.tops, tuple(drops.get(number, ()))) for number, s in enumerate(program)]
