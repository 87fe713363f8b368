"""Mean: a mean value added or taken away, and scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Mean")
class Mean(Operator):
    """output_scale * (input_scale * x ± mean_scale * mean) for each bottom (n, c, h, w), of as many tops.

    `value` holds one number a channel, or fewer that repeat; + for the operation ADD, - for SUBTRACT. A mean in a
    `file` is not read. Source: lmb-freiburg/flownet2, src/caffe/layers/mean_layer.cpp.
    """

    per_bottom = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read means and scales."""
        if len(bottoms) != self.tops or not bottoms:
            raise ShapeError(f"{len(bottoms)} bottoms for {self.tops} tops; a Mean layer has as many of both")
        view = p.message("mean_param")
        sign = 1.0 if view.choice("operation", ("ADD", "SUBTRACT")) == "ADD" else -1.0
        if view.has("file"):
            raise view.error("file", f"is {view.text('file')!r}", "give the mean as value, or subtract it beforehand")
        values = view.numbers("value")
        if not values or any(len(shape) != 4 or shape[1] % len(values) for shape in bottoms):
            shapes = f"for bottoms of shapes {list(bottoms)}"
            raise view.error("value", f"is given {len(values)} times {shapes}", "expected a divisor of the channels")
        inner, outer = view.number("input_scale", 1.0), view.number("output_scale", 1.0)
        mean_scale = view.number("mean_scale", 1.0)
        self.scale = outer * inner
        self.shifts = tuple(outer * sign * mean_scale * value for value in values)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottoms' shapes."""
        return list(bottoms)

    def module(self) -> nn.Module:
        """ShiftChannels."""
        from converter.modules import augmentation

        return augmentation.ShiftChannels(self.shifts, self.scale)
