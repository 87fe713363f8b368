"""CropCenter: as much cut off both ends of each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CropCenter", "CROP_CENTER")
class CropCenter(Operator):
    """Axis i loses crop_size[i] values at its begin and as many at its end.

    Source: waifu2x-caffe's src/caffe/layers/crop_center_layer.cpp (lltcggie/caffe).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read one size for each axis."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("crop_center_param")
        self.sizes = view.integers("crop_size")
        if len(self.sizes) != len(bottoms[0]) or min(self.sizes, default=0) < 0:
            raise view.error("crop_size", f"is {list(self.sizes)}", f"expected {len(bottoms[0])} sizes, one an axis")
        if any(2 * cut >= size for cut, size in zip(self.sizes, bottoms[0], strict=True)):
            raise ShapeError(f"bottom of shape {bottoms[0]}; cutting {list(self.sizes)} off both ends leaves nothing")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """What is left."""
        return [tuple(size - 2 * cut for cut, size in zip(self.sizes, bottoms[0], strict=True))]

    def module(self) -> nn.Module:
        """CropCenter."""
        from converter.modules import select

        return select.CropCenter(self.sizes)
