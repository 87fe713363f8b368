"""Correlation1D: DispNet's comparison of patches along a row, a channel for each displacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter.layers.correlation import Correlation
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("Correlation1D")
class Correlation1D(Correlation):
    """Two maps (n, c, h, w) to (n, d, h', w'): Correlation along the rows, whose ends alone get pad.

    d is 2r + 1 with r = max_displacement // stride_2, or, with a single_direction, r + 1: displacements 0 to r of 1,
    -r - 1 to -1 of -1, which reaches beyond max_displacement, so that pad has to be stride_2 at least.
    Source: lmb-freiburg/flownet2, src/caffe/layers/correlation_layer1d.cpp and .cu (arXiv:1512.02134, section 5).
    """

    rows: ClassVar[bool] = False

    def read_columns(self, view: Params) -> range:
        """The displacements to the right, in steps of stride_2."""
        radius, direction = self.reach // self.step, view.integer("single_direction", 0)
        if direction not in (-1, 0, 1):
            raise view.error("single_direction", f"is {direction}", "expected -1 (left), 0 (both) or 1 (right)")
        if direction < 0 and self.pad < (radius + 1) * self.step - self.reach:
            raise view.error(
                "single_direction",
                f"is -1 with pad {self.pad}",
                f"the source would read beyond the row; it needs pad {self.step}",
            )
        return {0: range(-radius, radius + 1), 1: range(radius + 1), -1: range(-radius - 1, 0)}[direction]
