"""Windows of C3D's and P3D's layers over length, height and width, and pooling over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import Geometry, pooled_size, read_pair
from converter.layers.layer import Operator, Shapes, Window

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


def read_volume(view: Params, *, whole: bool = False) -> Geometry:
    """A window (length, height, width); C3D's words are kernel_depth, temporal_stride, temporal_pad, P3D's kernel_l ….

    `whole`: the kernel is the whole volume, and no field says it.
    """
    kernel = (0, 0) if whole else read_pair(view, "kernel_size", "kernel_h", "kernel_w", None)
    depth = 0 if whole else _along_length(view, "kernel_depth", "kernel_l", None)
    stride = (
        _along_length(view, "temporal_stride", "stride_l", 1),
        *read_pair(view, "stride", "stride_h", "stride_w", 1),
    )
    pad = (_along_length(view, "temporal_pad", "pad_l", 0), *read_pair(view, "pad", "pad_h", "pad_w", 0))
    if (not whole and min(depth, *kernel) < 1) or min(stride) < 1 or min(pad) < 0:
        message = f"is {[depth, *kernel]} with stride {list(stride)} and pad {list(pad)}"
        raise view.error("kernel_size", message, "expected kernel and stride of at least 1, pad of at least 0")
    return Geometry((depth, *kernel), stride, pad, (1, 1, 1))


def _along_length(view: Params, name: str, other: str, default: int | None) -> int:
    """A size along the first axis in one of its two spellings."""
    if view.has(name) and view.has(other):
        raise view.error(name, f"stands beside {other}", "use one of the two spellings")
    if default is None and not view.has(name) and not view.has(other):
        raise view.error(name, "is missing", "the layer cannot do without it")
    return view.integer(other if view.has(other) else name, default or 0)


class VolumePooling(Operator):
    """Maxima or means over windows of all spatial axes, with Pooling's sizes; a type reads its fields in `read`."""

    method: str
    whole: bool
    geometry: Geometry

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window, compare it with the bottom."""
        self.expect_bottoms(bottoms, 1)
        if not 3 <= len(bottoms[0]) <= 5:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 1, 2 or 3 axes after (n, c)")
        view = self.read(p, len(bottoms[0]) - 2)
        pad, kernel = self.geometry.pad, self.geometry.kernel
        if self.whole and (any(pad) or set(self.geometry.stride) != {1}):
            raise view.error("global_pooling", "is set beside pad or stride", "expected pad 0 and stride 1")
        if not self.whole and any(p >= k for p, k in zip(pad, kernel, strict=True)):
            raise view.error("pad", f"is {list(pad)}", f"expected less than the kernel, {list(kernel)}")
        if len(kernel) != len(bottoms[0]) - 2:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected (n, c, length, h, w)")

    def read(self, p: Params, axes: int) -> Params:
        """Set `method`, `whole` and `geometry`; returns the message that they stand in."""
        raise NotImplementedError(self.type)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, ...)."""
        sizes, g = bottoms[0][2:], self.geometry
        kernel = sizes if self.whole else g.kernel
        axes = zip(sizes, kernel, g.stride, g.pad, strict=True)
        pooled: Shape = tuple(pooled_size(size, k, s, p, ceil=True, clip=any(g.pad)) for size, k, s, p in axes)
        return [(*bottoms[0][:2], *pooled)]

    def module(self) -> nn.Module:
        """CaffeMaxPoolNd or CaffeAvgPoolNd; of global means nn.AdaptiveAvgPool3d and its likes."""
        from torch import nn

        from converter.modules import pooling_nd

        g = self.geometry
        if not self.whole:
            own = pooling_nd.CaffeMaxPoolNd if self.method == "MAX" else pooling_nd.CaffeAvgPoolNd
            return own(g.kernel, g.stride, g.pad)
        adaptive = "AdaptiveMaxPool" if self.method == "MAX" else "AdaptiveAvgPool"
        module: nn.Module = getattr(nn, f"{adaptive}{len(g.kernel)}d")(1)
        return module

    def window(self) -> Window | None:
        """The kernel; a global one sees everything, which has no fixed size."""
        return None if self.whole else self.geometry.window
