"""SPP: pooling over grids of 1, 2, 4, ... bins a side, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.pooling import Pair, Pooling

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


class Bins(Pooling):
    """A pooling that cuts a plane into `bins` x `bins` windows."""

    def __init__(self, method: str, plane: Pair, bins: int) -> None:
        """No parameters to read: the plane and the number of bins say it all."""
        kernel = tuple(-(-size // bins) for size in plane)
        pad = tuple((k * bins - size + 1) // 2 for k, size in zip(kernel, plane, strict=True))
        if any(p >= k for p, k in zip(pad, kernel, strict=True)):
            raise ShapeError(f"a plane of {plane[0]} x {plane[1]} cannot be cut into {bins} x {bins} bins")
        self.method, self.tops, self.whole, self.ceil = method, 1, False, True
        self.kernel, self.stride, self.pad = (kernel[0], kernel[1]), (kernel[0], kernel[1]), (pad[0], pad[1])


@layer("SPP")
class SPP(Operator):
    """Level l pools x: (n, c, h, w) into 2^l x 2^l bins of equal size, ceil(size / bins), padded evenly.

    Levels 0 to pyramid_height - 1 are flattened and joined: (n, c * (1 + 4 + ...)); a single level stays (n, c, 1, 1).
    Source: src/caffe/layers/spp_layer.cpp; He et al. 2014, section 2.2.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the height and the method."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; SPP takes 4 axes (n, c, h, w)")
        view = p.message("spp_param")
        self.height, self.method = view.integer("pyramid_height"), view.choice("pool", ("MAX", "AVE"))
        if not 1 <= self.height <= 16:
            raise view.error("pyramid_height", f"is {self.height}", "expected 1 to 16")

    def _levels(self, plane: Pair) -> list[Bins]:
        return [Bins(self.method, plane, 1 << level) for level in range(self.height)]

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As the class says."""
        n, _, h, w = bottoms[0]
        shapes = [level.top_shapes(bottoms)[0] for level in self._levels((h, w))]
        return shapes if self.height == 1 else [(n, sum(element_count(shape[1:]) for shape in shapes))]

    def module(self) -> nn.Module:
        """SpatialPyramidPool2d."""
        from converter.modules.spatial_pyramid import SpatialPyramidPool2d

        return SpatialPyramidPool2d(self.height, "max" if self.method == "MAX" else "mean")
