"""Windows that run over maps: pooling as oneDNN computes it, and which modules it stands for; sizes of maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from converter.fast.onednn_library.kernels import AVERAGE, AVERAGE_WITH_PADDING, MAXIMUM
from converter.fast.static_graph import MeanOfMap
from converter.modules.pooling import Pair, pair


@dataclass(frozen=True, slots=True)
class Window:
    """What a pooling takes of maps (n, c, h, w), and how large its own are."""

    kind: int
    kernel: Pair
    stride: Pair
    before: Pair
    after: Pair
    shape: tuple[int, ...]


def window_of(module: nn.Module, x: Tensor) -> Window | None:
    """A pooling's window on maps of x's size, where oneDNN has that pooling."""
    if type(module) is MeanOfMap:
        height, width = x.shape[-2:]
        return Window(AVERAGE, (height, width), (1, 1), (0, 0), (0, 0), (*x.shape[:2], 1, 1))
    if type(module) is nn.MaxPool2d and pair(cast(Pair, module.dilation)) == (1, 1):
        return _strided(module, MAXIMUM, x)
    if not isinstance(module, nn.AvgPool2d) or module.divisor_override is not None:
        return None
    found = _strided(module, AVERAGE, x)
    if found.before == (0, 0) or not module.count_include_pad:
        return found
    inside = found.after[0] <= found.before[0] and found.after[1] <= found.before[1]
    return replace(found, kind=AVERAGE_WITH_PADDING) if inside else None


def convolved_shape(module: nn.Conv2d, x: Tensor) -> tuple[int, ...]:
    """The shape of a convolution's maps of x."""
    sizes = []
    for axis in (0, 1):
        reach = module.dilation[axis] * (module.kernel_size[axis] - 1)
        sizes.append((x.shape[2 + axis] + 2 * int(module.padding[axis]) - reach - 1) // module.stride[axis] + 1)
    return len(x), module.out_channels, *sizes


def _strided(module: nn.MaxPool2d | nn.AvgPool2d, kind: int, x: Tensor) -> Window:
    kernel, stride, before = (pair(cast(Pair, size)) for size in (module.kernel_size, module.stride, module.padding))
    shape = tuple(module(torch.empty_like(x, device="meta")).shape)
    after = [(shape[2 + i] - 1) * stride[i] + kernel[i] - x.shape[2 + i] - before[i] for i in (0, 1)]
    return Window(kind, kernel, stride, before, (max(after[0], 0), max(after[1], 0)), shape)
