"""Crop: the first bottom cut to the size of the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Crop")
class Crop(Operator):
    """From `axis` on the top has the second bottom's sizes, beginning at `offset` (one for all axes, or one each).

    Source: src/caffe/layers/crop_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and the offsets."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("crop_param")
        rank = len(bottoms[0])
        self.axis = canonical_axis(view.integer("axis"), rank)
        offsets = view.integers("offset")
        if len(offsets) not in {0, 1, rank - self.axis}:
            wanted = f"expected none, one, or {rank - self.axis} (one per axis from {self.axis} on)"
            raise view.error("offset", f"is given {len(offsets)} times", wanted)
        self.offsets = offsets if len(offsets) > 1 else (offsets or (0,)) * (rank - self.axis)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The first bottom's sizes before `axis`, the second's from there on."""
        data, reference = bottoms
        if len(reference) != len(data):
            raise ShapeError(f"bottoms of {len(data)} and {len(reference)} axes; expected as many")
        for axis, offset in zip(range(self.axis, len(data)), self.offsets, strict=True):
            if offset < 0 or data[axis] - offset < reference[axis]:
                raise ShapeError(
                    f"axis {axis}: {reference[axis]} values from offset {offset} on; there are {data[axis]}"
                )
        return [(*data[: self.axis], *reference[self.axis :])]

    def module(self) -> nn.Module:
        """Crop."""
        from converter.modules import select

        return select.Crop(self.axis, self.offsets)
