"""Modules with one mistake each, of the kind that ports of Caffe make: what the ladder must object to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import nn


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake, the case that shows it, and how it is made in the layer's module."""

    mistake: str
    rung: str
    make: Callable[[Any], None]


def _sets(**values: Any) -> Callable[[Any], None]:
    """Set attributes of the module."""

    def make(module: Any) -> None:
        for name, value in values.items():
            setattr(module, name, value)

    return make


def _weight(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Any], None]:
    """Compute with another weight."""

    def make(module: Any) -> None:
        module.weight = nn.Parameter(change(module.weight.detach()))

    return make


def _forward(compute: Callable[..., Any]) -> Callable[[Any], None]:
    """Compute otherwise; `compute` takes the module and its inputs."""

    def make(module: Any) -> None:
        module.forward = lambda *inputs: compute(module, *inputs)

    return make


def _undilate(module: Any) -> None:
    reach = [(d - 1) * (k - 1) // 2 for d, k in zip(module.dilation, module.kernel_size, strict=True)]
    module.padding = tuple(p - r for p, r in zip(module.padding, reach, strict=True))
    module.dilation = (1, 1)


def _ungroup(module: Any) -> None:
    module.weight = nn.Parameter(module.weight.detach().repeat(1, module.groups, 1, 1))
    module.groups = 1


def _unscale(module: Any) -> None:
    module.running_mean *= module.scale_factor
    module.running_var *= module.scale_factor


def _spread_alpha(module: Any) -> None:
    module.alpha *= module.size


def _torch_gates(module: Any) -> None:
    for parameter in module.parameters():
        i, f, o, g = parameter.detach().chunk(4)
        parameter.data = torch.cat([i, f, g, o])


def _first_of_equals(module: Any) -> None:
    def largest(x: Any, dim: int) -> tuple[Any, Any]:
        values, places = x.max(dim, keepdim=True)
        return values, places.to(x.dtype)

    module._largest = largest


def _resized(module: Any, x: torch.Tensor) -> torch.Tensor:
    size = [(length - 1) * module.zoom + 1 for length in x.shape[2:]]
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


MUTANTS = (
    Mutant("dilation dropped", "Convolution[dilation=2, pad=2]", _undilate),
    Mutant("kernel transposed", "Convolution[plain]", _weight(lambda w: w.transpose(-1, -2))),
    Mutant("kernel flipped", "Convolution[plain]", _weight(lambda w: w.flip(-1, -2))),
    Mutant("grouped as ungrouped", "Convolution[group=2]", _ungroup),
    Mutant("transposed kernel flipped", "Deconvolution[plain]", _weight(lambda w: w.flip(-1, -2))),
    Mutant("floor for ceil", "Pooling[MAX, odd size]", _sets(ceil_mode=False)),
    Mutant("torch's ceil for Caffe's", "Pooling[MAX, stride beyond the kernel]",
           _forward(lambda m, x: F.max_pool2d(x, m.kernel_size, m.stride, m.padding, ceil_mode=True))),
    Mutant("pad counted out in AVE", "Pooling[AVE, pad=1 counted within, not beyond]",
           _forward(lambda m, x: F.avg_pool2d(x, m.kernel_size, m.stride, m.padding, m.ceil_mode, False))),
    Mutant("BatchNorm without its scale factor", "BatchNorm[running statistics]", _unscale),
    Mutant("LRN without / n", "LRN[across, local_size=3, alpha=0.5]", _spread_alpha),
    Mutant("Eltwise's coeff dropped", "Eltwise[sum, coeff]",
           lambda module: setattr(module, "coefficients", (1.0,) * len(module.coefficients))),
    Mutant("Concat the other way round", "Concat[axis=-1]",
           _forward(lambda m, *inputs: torch.cat(inputs[::-1], m.dim))),
    Mutant("LSTM gates in torch's order", "LSTM[plain]", _torch_gates),
    Mutant("a slope for all channels", "PReLU[a slope a channel]", _weight(lambda w: w[:1].expand_as(w).clone())),
    Mutant("ignored labels counted", "SoftmaxWithLoss[ignore_label]", _sets(ignore_label=None)),
    Mutant("Reorg as space to depth", "Reorg[stride=2]", _forward(lambda m, x: F.pixel_unshuffle(x, m.stride))),
    Mutant("Interp aligned by centers", "Interp[zoom_factor=2]", _forward(_resized)),
    Mutant("ArgMax takes the first of equals", "ArgMax[equal values]", _first_of_equals),
)  # fmt: skip
