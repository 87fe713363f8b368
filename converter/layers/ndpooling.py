"""NdPooling: the maximum over windows of two or three axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F, torch
from converter.layers.kit.windows import pooled, read_shapes
from converter.layers.layer import Call, Operator, Shapes, Window, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("NdPooling")
class NdPooling(Operator):
    """x: (n, c, 1 to 3 spatial axes) -> (n, c, ...), the window written as kernel_shape, stride_shape, pad_shape.

    Sizes round up, and a last window that would start beyond the padding's end is dropped, as in Pooling; windows see
    no padding. MAX only. Source: chuckcho/video-caffe (C3D, arXiv:1412.0767).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("pooling_param")
        view.choice("pool", ("MAX",), "MAX")
        if not 3 <= len(bottoms[0]) <= 5:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 1, 2 or 3 axes after (n, c)")
        self.geometry = read_shapes(view, len(bottoms[0]) - 2)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, ...)."""
        return [(*bottoms[0][:2], *self._sizes(bottoms[0][2:]))]

    def _sizes(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        g = self.geometry
        clip = any(g.pad)
        axes = zip(sizes, g.kernel, g.stride, g.pad, strict=True)
        return tuple(pooled(size, k, s, pad, ceil=True, clip=clip) for size, k, s, pad in axes)

    def forward(self, call: Call) -> list[Tensor]:
        """One top."""
        x, g = call.bottoms[0], self.geometry
        padding: list[int] = []
        axes = zip(self._sizes(tuple(x.shape[2:])), g.stride, g.kernel, x.shape[2:], g.pad, strict=True)
        for out, stride, kernel, size, pad in axes:
            padding = [pad, max((out - 1) * stride + kernel - size - pad, 0), *padding]
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(g.kernel) - 1]
        return [pool(F.pad(x, padding, value=torch.finfo(x.dtype).min), g.kernel, g.stride)]

    def window(self) -> Window | None:
        """The kernel."""
        return self.geometry.window
