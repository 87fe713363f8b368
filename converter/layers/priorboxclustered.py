"""PriorBoxClustered: Intel's default boxes of stated widths and heights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converter.layers.layer import layer
from converter.layers.priorbox import Pair, PriorBox

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("PriorBoxClustered")
class PriorBoxClustered(PriorBox):
    """A PriorBox whose boxes are the pairs of `width` and `height`, in pixels; sizes and ratios change nothing.

    Source: openvinotoolkit/training_toolbox_caffe, caffe/src/caffe/layers/prior_box_clustered_layer.cpp.
    """

    def read_boxes(self, view: Params) -> tuple[list[Pair], list[Pair]]:
        """Each width with its height."""
        wide, high = view.numbers("width"), view.numbers("height")
        view.flag("flip", True)
        if not wide or len(wide) != len(high) or not all(0 < size < math.inf for size in (*wide, *high)):
            message = f"is {list(wide)}, height {list(high)}"
            raise view.error("width", message, "expected positive numbers, as many of both")
        return list(zip(wide, high, strict=True)), []
