"""Pooling: maximum, mean or stochastic over sliding windows, with Caffe's rounding and clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import pooled_size, read_pair
from converter.layers.layer import Operator, Shapes, Window, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

Pair = tuple[int, int]


@layer("Pooling", "POOLING")
class Pooling(Operator):
    """x: (n, c, h, w) -> (n, c, h', w'); a second top of MAX holds each maximum's flat position h * W + w in its plane.

    Sizes round up (`geometry.pooled`), so a last window may be cut by the border; without padding and with a stride
    beyond the kernel it may even be empty: MAX then gives -FLT_MAX and position -1. MAX takes the first of equal
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
        self.stride = read_pair(view, "stride", "stride_h", "stride_w", 1)
        self.pad = read_pair(view, "pad", "pad_h", "pad_w", 0)
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
        kernel = read_pair(view, "kernel_size", "kernel_h", "kernel_w", None)
        if min(kernel) < 1 or min(self.stride) < 1:
            raise view.error("kernel_size", f"is {list(kernel)} with stride {list(self.stride)}", "expected at least 1")
        return kernel

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w') for each top."""
        n, c, h, w = bottoms[0]
        most = 2 if self.method == "MAX" else 1
        return [(n, c, *self._sizes((h, w), self._window((h, w))))] * min(self.tops, most)

    def _window(self, plane: Pair) -> Pair:
        return plane if self.whole else self.kernel

    def _sizes(self, plane: Pair, kernel: Pair) -> Pair:
        clip = self.pad != (0, 0)
        sizes = zip(plane, kernel, self.stride, self.pad, strict=True)
        rows, columns = (pooled_size(i, k, s, p, ceil=self.ceil, clip=clip) for i, k, s, p in sizes)
        return rows, columns

    def module(self) -> nn.Module:
        """Torch's pooling where it means the same for every input size, else Caffe's own."""
        from torch import nn

        from converter.modules.max_pooling import CaffeMaxPool2d, CeilMaxPool2d, GlobalMaxPool2d, MaxPool2d
        from converter.modules.pooling import CaffeAvgPool2d, CeilAvgPool2d, StochasticPool2d

        kernel = None if self.whole else self.kernel
        if self.method == "STOCHASTIC":
            return StochasticPool2d(kernel, self.stride, self.pad, self.ceil)
        if self.method == "MAX" and self.tops > 1:
            return CaffeMaxPool2d(kernel, self.stride, self.pad, self.ceil, return_indices=True)
        if kernel is None:
            return GlobalMaxPool2d() if self.method == "MAX" else nn.AdaptiveAvgPool2d(1)
        if self._as_torch(kernel):
            window = (_shorten(kernel), _shorten(self.stride), _shorten(self.pad))
            if self.ceil and self.stride != (1, 1):  # steps of 1 leave nothing to round up
                return CeilMaxPool2d(*window) if self.method == "MAX" else CeilAvgPool2d(*window)
            return MaxPool2d(*window) if self.method == "MAX" else nn.AvgPool2d(*window)
        own = CaffeMaxPool2d if self.method == "MAX" else CaffeAvgPool2d
        return own(kernel, self.stride, self.pad, self.ceil)

    def _as_torch(self, kernel: Pair) -> bool:
        """Whether torch's pooling means the same: padding to half a kernel, and no window left wholly outside."""
        small = all(2 * p <= k for p, k in zip(self.pad, kernel, strict=True))
        covered = all(s <= k for s, k in zip(self.stride, kernel, strict=True))
        return small and (covered or not self.ceil)

    def window(self) -> Window | None:
        """The kernel; a global one sees the whole plane, which has no fixed size."""
        return None if self.whole else Window(self.kernel, self.stride, self.pad)


def _shorten(pair: Pair) -> int | Pair:
    """One number where both axes have the same, as people write it."""
    return pair[0] if pair[0] == pair[1] else pair
