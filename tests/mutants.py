"""Operators with one mistake each, of the kind that ports of Caffe make: what the ladder must object to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention

Patch = pytest.MonkeyPatch
Values = list[torch.Tensor]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake, the case that shows it, and how it is made."""

    mistake: str
    rung: str
    make: Callable[[Patch], None]


def _class(name: str) -> Any:
    return getattr(import_module(f"converter.layers.{name.lower()}"), name)


def _answers(type_name: str, method: str, answer: Callable[..., Any]) -> Callable[[Patch], None]:
    """Replace a method."""
    return lambda patch: patch.setattr(_class(type_name), method, answer)


def _changes(type_name: str, change: Callable[[Any], None]) -> Callable[[Patch], None]:
    """Change the operator once its parameters are read."""

    def make(patch: Patch) -> None:
        setup = _class(type_name).setup

        def changed(self: Any, p: Any, bottoms: Any) -> None:
            setup(self, p, bottoms)
            change(self)

        patch.setattr(_class(type_name), "setup", changed)

    return make


def _feeds(type_name: str, change: Callable[[Values, Values], tuple[Values, Values]]) -> Callable[[Patch], None]:
    """Compute with other bottoms or blobs."""

    def make(patch: Patch) -> None:
        forward = _class(type_name).forward

        def changed(self: Any, call: Any) -> Values:
            bottoms, blobs = change(list(call.bottoms), list(call.blobs))
            return forward(self, dataclasses.replace(call, bottoms=bottoms, blobs=blobs))

        patch.setattr(_class(type_name), "forward", changed)

    return make


def _undilated(self: Any, x: Any, weight: Any, bias: Any) -> Any:
    g = self.geometry
    pad = [p - (d - 1) * (k - 1) // 2 for p, d, k in zip(g.pad, g.dilation, g.kernel, strict=True)]
    return F.conv2d(x, weight, bias, g.stride, pad, 1, self.group)


def _ungrouped(self: Any, x: Any, weight: Any, bias: Any) -> Any:
    g = self.geometry
    return F.conv2d(x, weight.repeat(1, self.group, 1, 1), bias, g.stride, g.pad, g.dilation)


def _reversed_kernel(bottoms: Values, blobs: Values) -> tuple[Values, Values]:
    return bottoms, [blobs[0].flip(-1, -2), *blobs[1:]]


def _transposed_kernel(bottoms: Values, blobs: Values) -> tuple[Values, Values]:
    return bottoms, [blobs[0].transpose(-1, -2), *blobs[1:]]


def _torch_gates(bottoms: Values, blobs: Values) -> tuple[Values, Values]:
    def reordered(blob: torch.Tensor) -> torch.Tensor:
        i, f, o, g = blob.chunk(4)
        return torch.cat([i, f, g, o])

    return bottoms, [reordered(blob) for blob in blobs]


def _pad_not_counted(self: Any, call: Any) -> Values:
    return [F.avg_pool2d(call.bottoms[0], self.kernel, self.stride, self.pad, self.ceil, count_include_pad=False)]


def _ceil_as_torch(self: Any, call: Any) -> Values:
    return [F.max_pool2d(call.bottoms[0], self.kernel, self.stride, self.pad, ceil_mode=True)]


def _unscaled(blobs: Values) -> tuple[torch.Tensor, torch.Tensor]:
    return blobs[0], blobs[1]


def _pixel_unshuffled(self: Any, call: Any) -> Values:
    return [F.pixel_unshuffle(call.bottoms[0], self.stride)]


def _centre_aligned(self: Any, call: Any) -> Values:
    size = self.top_shapes([tuple(call.bottoms[0].shape)])[0][2:]
    return [F.interpolate(call.bottoms[0], size, mode="bilinear", align_corners=False)]


def _first_of_equals(self: Any, x: Any, axis: int) -> tuple[Any, Any]:
    values, places = x.max(axis, keepdim=True)
    return values, places.to(x.dtype)


def _unlike_torch(name: str) -> Callable[[Any], None]:
    return lambda operator: setattr(operator, name, False)


def _spread_alpha(operator: Any) -> None:
    operator.alpha *= operator.size


def _no_coefficients(operator: Any) -> None:
    operator.coefficients = (1.0,) * len(operator.coefficients)


def _no_ignored_label(operator: Any) -> None:
    operator.normalizer = dataclasses.replace(operator.normalizer, ignore_label=None)


MUTANTS = (
    Mutant("dilation dropped", "Convolution[dilation=2, pad=2]", _answers("Convolution", "convolve", _undilated)),
    Mutant("kernel transposed", "Convolution[plain]", _feeds("Convolution", _transposed_kernel)),
    Mutant("kernel flipped", "Convolution[plain]", _feeds("Convolution", _reversed_kernel)),
    Mutant("grouped as ungrouped", "Convolution[group=2]", _answers("Convolution", "convolve", _ungrouped)),
    Mutant("transposed kernel flipped", "Deconvolution[plain]", _feeds("Deconvolution", _reversed_kernel)),
    Mutant("floor for ceil", "Pooling[MAX, odd size]", _changes("Pooling", _unlike_torch("ceil"))),
    Mutant("torch's ceil for Caffe's", "Pooling[MAX, stride beyond the kernel]",
           _answers("Pooling", "forward", _ceil_as_torch)),
    Mutant("pad counted out in AVE", "Pooling[AVE, pad=1 counted within, not beyond]",
           _answers("Pooling", "forward", _pad_not_counted)),
    Mutant("BatchNorm without its scale factor", "BatchNorm[running statistics]",
           _answers("BatchNorm", "_running", staticmethod(_unscaled))),
    Mutant("LRN without / n", "LRN[across, local_size=3, alpha=0.5]", _changes("LRN", _spread_alpha)),
    Mutant("Eltwise's coeff dropped", "Eltwise[sum, coeff]", _changes("Eltwise", _no_coefficients)),
    Mutant("Concat the other way round", "Concat[axis=-1]",
           _feeds("Concat", lambda bottoms, blobs: (bottoms[::-1], blobs))),
    Mutant("LSTM gates in torch's order", "LSTM[plain]", _feeds("LSTM", _torch_gates)),
    Mutant("a slope for all channels", "PReLU[a slope a channel]",
           _feeds("PReLU", lambda bottoms, blobs: (bottoms, [blobs[0][:1].expand_as(blobs[0])]))),
    Mutant("ignored labels counted", "SoftmaxWithLoss[ignore_label]",
           _changes("SoftmaxWithLoss", _no_ignored_label)),
    Mutant("Reorg as space to depth", "Reorg[stride=2]", _answers("Reorg", "forward", _pixel_unshuffled)),
    Mutant("Interp aligned by centres", "Interp[zoom_factor=2]", _answers("Interp", "forward", _centre_aligned)),
    Mutant("ArgMax takes the first of equals", "ArgMax[equal values]",
           _answers("ArgMax", "_largest", _first_of_equals)),
)  # fmt: skip
