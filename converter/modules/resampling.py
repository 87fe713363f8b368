"""Modules that bring planes to another size by weights along each axis: FlowNet2's resampling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Pair = tuple[int, int]


class Resample(nn.Module):
    """x (n, c, h, w) -> (n, c, *size), or the size of a second tensor; `mode` "nearest", "linear" or "cubic".

    Output place p lies at p f + g / 2 - 1/2 of the input, f its axis's size of input over output and g, as the source
    has it, the other axis's. Weights are a triangle or Keys' cubic (a = -1/2), with `antialias` widened to the output's
    pixels where either axis shrinks, and divided by their sum. Places are computed in float32.
    Source: lmb-freiburg/flownet2, src/caffe/layers/resample_layer.cu, which has no backward; this one does.

        >>> Resample((1, 1))(torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]])).item()
        4.0
    """

    def __init__(self, size: Pair | None = None, mode: str = "linear", antialias: bool = True) -> None:
        super().__init__()
        self.size, self.mode, self.antialias = size, mode, antialias

    def forward(self, x: Tensor, reference: Tensor | None = None) -> Tensor:
        """The resampled planes."""
        rows, columns = self.size or ((0, 0) if reference is None else (reference.shape[2], reference.shape[3]))
        high, wide = x.shape[2] / rows, x.shape[3] / columns
        row = _place(rows, high, wide, x)
        column = _place(columns, wide, high, x)
        if self.mode == "nearest":
            return x[:, :, _nearest(row, x.shape[2])][:, :, :, _nearest(column, x.shape[3])]
        smooth = self.antialias and (high > 1 or wide > 1)
        down = self._weights(row, x.shape[2], 1 / high if smooth else 1.0, x.dtype)
        right = self._weights(column, x.shape[3], 1 / wide if smooth else 1.0, x.dtype)
        return down @ x @ right.transpose(0, 1)

    def _weights(self, place: Tensor, size: int, narrowness: float, dtype: torch.dtype) -> Tensor:
        """(outputs, inputs), each row's sum 1, or 0 where no input is near."""
        distance = place.to(dtype)[:, None] - torch.arange(size, device=place.device, dtype=dtype)
        near = (distance * narrowness).abs()
        weight = (1 - near).clamp(min=0) if self.mode == "linear" else _cubic(near)
        total = weight.sum(1, keepdim=True)
        return weight / torch.where(total == 0, 1.0, total)

    def extra_repr(self) -> str:
        """Size and weights."""
        return f"size={self.size}, mode={self.mode!r}, antialias={self.antialias}"


def _place(count: int, factor: float, other: float, x: Tensor) -> Tensor:
    """Where each output lies in the input, float32: (count,)."""
    return torch.arange(count, device=x.device, dtype=torch.float32) * factor + other / 2 - 0.5


def _nearest(place: Tensor, size: int) -> Tensor:
    """The place rounded, halves away from zero, within the input."""
    exact = place.double()
    return (exact.sign() * (exact.abs() + 0.5).floor()).long().clamp(0, size - 1)


def _cubic(near: Tensor) -> Tensor:
    """Keys' cubic convolution with a = -1/2 of a distance."""
    inner = near * near * (1.5 * near - 2.5) + 1
    outer = near * (near * (-0.5 * near + 2.5) - 4) + 2
    return torch.where(near <= 1, inner, torch.where(near < 2, outer, 0.0))


class Downsample(nn.Module):
    """x (n, c, h, w) -> (n, c, *size), or the size of a second tensor: means weighed by tents, corners on corners.

    A tent reaches one output pixel far. NaN counts for nothing; a value is NaN where the weights of NaN are more than
    half of the others. Source: lmb-freiburg/flownet2, src/caffe/layers/downsample_layer.cu, which has no backward.

        >>> Downsample((1, 2))(torch.tensor([[[[1.0, 4.0, 9.0]], [[0.0, 1.0, float("nan")]]]]))[0, 0].tolist()
        [[2.0, 7.333333492279053]]
    """

    def __init__(self, size: Pair | None = None) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor, reference: Tensor | None = None) -> Tensor:
        """The means."""
        rows, columns = self.size or ((0, 0) if reference is None else (reference.shape[2], reference.shape[3]))
        if (rows, columns) == (x.shape[2], x.shape[3]):
            return x
        down, right = _tents(rows, x.shape[2], x), _tents(columns, x.shape[3], x).transpose(0, 1)
        unknown = x.isnan()
        known = down @ (~unknown).to(x.dtype) @ right
        lost = down @ unknown.to(x.dtype) @ right
        mean = down @ torch.where(unknown, 0.0, x) @ right / torch.where(known == 0, 1.0, known)
        return torch.where(lost > 0.5 * known, float("nan"), mean)

    def extra_repr(self) -> str:
        """The size."""
        return f"size={self.size}"


def _tents(count: int, size: int, x: Tensor) -> Tensor:
    """The weight of each of `size` inputs for each of `count` outputs, both axes ending at the same places."""
    if count == size:
        return torch.eye(size, device=x.device, dtype=x.dtype)
    scale = (size - 1) / (count - 1)
    place = torch.arange(count, device=x.device, dtype=torch.float32) / (count - 1) * (size - 1)
    distance = place.to(x.dtype)[:, None] - torch.arange(size, device=x.device, dtype=x.dtype)
    return (1 - distance.abs() / scale).clamp(min=0)


class Accumulate(nn.Module):
    """Maps (n, c_i, h_i, w_i) brought to one size, bilinear with corners on corners, and joined: (n, sum of c, h, w).

    The size is the last tensor's with `reference`, which is not joined; else `size` where it is larger in both, or the
    least multiple of `divisor`, or the largest height and width. Source: lmb-freiburg/flownet2, accum_layer.cpp.

        >>> Accumulate()(torch.zeros(1, 2, 3, 3), torch.zeros(1, 1, 5, 5)).shape
        torch.Size([1, 3, 5, 5])
    """

    def __init__(self, reference: bool = False, size: Pair = (0, 0), divisor: int = 0) -> None:
        super().__init__()
        self.reference, self.size, self.divisor = reference, size, divisor

    def forward(self, *maps: Tensor) -> Tensor:
        """The joined maps."""
        size = self.target([(x.shape[2], x.shape[3]) for x in maps])
        used = maps[:-1] if self.reference else maps
        return torch.cat([F.interpolate(x, size, mode="bilinear", align_corners=True) for x in used], 1)

    def target(self, sizes: list[Pair]) -> Pair:
        """Height and width of the output."""
        if self.reference:
            return sizes[-1]
        high, wide = max(size[0] for size in sizes), max(size[1] for size in sizes)
        rows, columns = self.size
        if self.divisor:
            rows, columns = (-(-length // self.divisor) * self.divisor for length in (high, wide))
        return (rows, columns) if rows > high and columns > wide else (high, wide)

    def extra_repr(self) -> str:
        """How the size is found."""
        return f"reference={self.reference}, size={self.size}, divisor={self.divisor}"
