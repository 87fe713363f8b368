"""Pooling: maximum, mean or stochastic over sliding windows, with Caffe's rounding and clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F, torch
from converter.layers.kit.windows import pooled
from converter.layers.layer import Call, Operator, Shapes, Window, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor

Pair = tuple[int, int]

FLOAT_LOWEST: Final = -3.4028234663852886e38


@layer("Pooling", "POOLING")
class Pooling(Operator):
    """x: (n, c, h, w) -> (n, c, h', w'); a second top of MAX holds each maximum's flat position h * W + w in its plane.

    Sizes round up (`geometry.pooled`), so a last window may be cut by the border; without padding and with a stride
    beyond the kernel it may even be empty: MAX then answers -FLT_MAX and position -1. MAX takes the first of equal
    values and never sees padding. AVE divides by the window's size before it is cut at the image, but after it is cut
    at the padding's end. STOCHASTIC in TEST is the mean weighted by the values themselves, sum x² / sum x.
    Source: src/caffe/layers/pooling_layer.cpp and .cu; `ceil_mode` is a fork's word for round_mode.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window; `_h`/`_w` pairs exclude the single field."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; pooling takes 4 axes (n, c, h, w)")
        view = p.message("pooling_param")
        self.method = view.choice("pool", ("MAX", "AVE", "STOCHASTIC"))
        self.whole = view.flag("global_pooling", False)
        self.ceil = view.choice("round_mode", ("CEIL", "FLOOR"), "CEIL") == "CEIL"
        if view.has("ceil_mode"):
            self.ceil = view.flag("ceil_mode", True)
        self.stride = _pair(view, "stride", "stride_h", "stride_w", 1)
        self.pad = _pair(view, "pad", "pad_h", "pad_w", 0)
        self.kernel = self._kernel(view)
        if self.whole and (self.pad != (0, 0) or self.stride != (1, 1)):
            raise view.error("global_pooling", "is set beside pad or stride", "expected pad 0 and stride 1")
        if not self.whole and any(p >= k for p, k in zip(self.pad, self.kernel, strict=True)):
            raise view.error("pad", f"is {list(self.pad)}", f"expected less than the kernel, {list(self.kernel)}")
        if self.method == "STOCHASTIC" and self.pad != (0, 0):
            raise view.error("pad", f"is {list(self.pad)}", "STOCHASTIC pooling takes no padding")

    def _kernel(self, view: Params) -> Pair:
        if self.whole:
            if view.has("kernel_size") or view.has("kernel_h") or view.has("kernel_w"):
                raise view.error("kernel_size", "is set beside global_pooling", "leave it out: the kernel is the plane")
            return (0, 0)
        kernel = _pair(view, "kernel_size", "kernel_h", "kernel_w", None)
        if min(kernel) < 1 or min(self.stride) < 1:
            raise view.error("kernel_size", f"is {list(kernel)} with stride {list(self.stride)}", "expected at least 1")
        return kernel

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w') for each top."""
        n, c, h, w = bottoms[0]
        return [(n, c, *self._sizes((h, w), self._window((h, w))))] * self.tops

    def _window(self, plane: Pair) -> Pair:
        return plane if self.whole else self.kernel

    def _sizes(self, plane: Pair, kernel: Pair) -> Pair:
        clip = self.pad != (0, 0)
        sizes = zip(plane, kernel, self.stride, self.pad, strict=True)
        rows, columns = (pooled(i, k, s, p, ceil=self.ceil, clip=clip) for i, k, s, p in sizes)
        return rows, columns

    def forward(self, call: Call) -> list[Tensor]:
        """One top, or the maxima and their positions."""
        x = call.bottoms[0]
        plane = (x.shape[2], x.shape[3])
        kernel = self._window(plane)
        sizes = self._sizes(plane, kernel)
        if self.method == "STOCHASTIC":
            return [self._stochastic(x, kernel, sizes, call.training)]
        if self.tops > 1:
            return self._maximum_and_position(x, kernel, sizes)
        if self._as_torch(kernel):
            if self.method == "MAX":
                return [F.max_pool2d(x, kernel, self.stride, self.pad, ceil_mode=self.ceil)]
            return [F.avg_pool2d(x, kernel, self.stride, self.pad, ceil_mode=self.ceil)]
        if self.method == "MAX":
            padded = self._padded(x, kernel, sizes, lowest(x))
            return [F.max_pool2d(padded, kernel, self.stride)]
        return [self._mean(x, kernel, sizes)]

    def _as_torch(self, kernel: Pair) -> bool:
        """Whether torch's pooling means the same: padding to half a kernel, and no window left wholly outside."""
        small = all(2 * p <= k for p, k in zip(self.pad, kernel, strict=True))
        covered = all(s <= k for s, k in zip(self.stride, kernel, strict=True))
        return small and (covered or not self.ceil)

    def _padded(self, x: Tensor, kernel: Pair, sizes: Pair, value: float) -> Tensor:
        """The plane extended so that exactly `sizes` windows fit."""
        ends = [
            max((o - 1) * s + k - i - p, 0)
            for o, s, k, i, p in zip(sizes, self.stride, kernel, x.shape[2:], self.pad, strict=True)
        ]
        return F.pad(x, (self.pad[1], ends[1], self.pad[0], ends[0]), value=value)

    def _mean(self, x: Tensor, kernel: Pair, sizes: Pair) -> Tensor:
        """Sums over windows, divided by Caffe's own count per row and column."""
        sums = F.avg_pool2d(self._padded(x, kernel, sizes, 0.0), kernel, self.stride, divisor_override=1)
        counts = []
        for o, s, k, i, p in zip(sizes, self.stride, kernel, x.shape[2:], self.pad, strict=True):
            start = torch.arange(o, device=x.device, dtype=x.dtype) * s - p
            counts.append((start + k).clamp(max=i + p) - start)
        return sums / (counts[0][:, None] * counts[1])

    def _maximum_and_position(self, x: Tensor, kernel: Pair, sizes: Pair) -> list[Tensor]:
        padded = self._padded(x, kernel, sizes, lowest(x))
        maxima, flat = F.max_pool2d(padded, kernel, self.stride, return_indices=True)
        rows = torch.div(flat, padded.shape[3], rounding_mode="floor") - self.pad[0]
        columns = flat % padded.shape[3] - self.pad[1]
        position = torch.where(maxima > lowest(x), rows * x.shape[3] + columns, -1)
        return [maxima, position.to(x.dtype)]

    def _stochastic(self, x: Tensor, kernel: Pair, sizes: Pair, training: bool) -> Tensor:
        padded = self._padded(x, kernel, sizes, 0.0)
        if not training:
            total = F.avg_pool2d(padded, kernel, self.stride, divisor_override=1)
            squares = F.avg_pool2d(padded * padded, kernel, self.stride, divisor_override=1)
            return torch.where(total > 0, squares / total.clamp(min=torch.finfo(x.dtype).tiny), 0.0)
        n, c = x.shape[:2]
        columns = F.unfold(padded, kernel, stride=self.stride).reshape(n, c, kernel[0] * kernel[1], -1).movedim(2, 3)
        weights = torch.where(columns.sum(-1, keepdim=True) > 0, columns, torch.ones_like(columns)).clamp(min=0)
        drawn = torch.multinomial(weights.reshape(-1, weights.shape[-1]), 1).reshape(*weights.shape[:-1], 1)
        return columns.gather(-1, drawn).reshape(n, c, *sizes)

    def window(self) -> Window | None:
        """The kernel; a global one sees the whole plane, which has no fixed size."""
        return None if self.whole else Window(self.kernel, self.stride, self.pad)


def lowest(x: Tensor) -> float:
    """What a window without a pixel answers, in float64 too: -FLT_MAX, or the least number of a shorter type."""
    return max(FLOAT_LOWEST, torch.finfo(x.dtype).min)


def _pair(view: Params, name: str, high: str, wide: str, default: int | None) -> Pair:
    """Caffe's either/or rule for pooling: the single field, or both halves of the pair."""
    if view.has(high) or view.has(wide):
        if view.has(name):
            raise view.error(name, f"stands beside {high} or {wide}", "use one of the two spellings")
        if not (view.has(high) and view.has(wide)):
            raise view.error(high if view.has(high) else wide, "stands alone", f"give both {high} and {wide}")
        return view.integer(high), view.integer(wide)
    if default is None and not view.has(name):
        raise view.error(name, "is missing", "the layer cannot do without it")
    value = view.integer(name, default)
    return value, value
