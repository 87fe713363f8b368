"""NdPooling: the maximum over windows of two or three axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import pooled_size, read_shapes
from converter.layers.layer import Operator, Shapes, Window, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


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
        return tuple(pooled_size(size, k, s, pad, ceil=True, clip=clip) for size, k, s, pad in axes)

    def module(self) -> nn.Module:
        """CaffeMaxPoolNd."""
        from converter.modules import pooling_nd

        return pooling_nd.CaffeMaxPoolNd(self.geometry.kernel, self.geometry.stride, self.geometry.pad)

    def window(self) -> Window | None:
        """The kernel."""
        return self.geometry.window
