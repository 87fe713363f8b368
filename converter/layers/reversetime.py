"""ReverseTime: each sequence back to front, by its own length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("ReverseTime")
class ReverseTime(Operator):
    """x: (t, n, ...), lengths: (n,) to (t, n, ...): the first steps of each item, as many as its length, reversed.

    What lies behind is copied with `copy_remaining`, else 0 (the source leaves what was there).
    Source: senlinuc/caffe_ocr, src/caffe/layers/reverse_time_layer.cpp (ChWick/caffe's).
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read what becomes of the rest and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.copy = p.message("reverse_time_param").flag("copy_remaining", False)
        if len(bottoms[0]) < 2 or bottoms[1] != bottoms[0][1:2]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (t, n, ...) and (n,)")

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Lengths."""
        return whole_numbers(random, bottoms[0][0] + 1, bottoms[1]) if place == 1 else None

    def module(self) -> nn.Module:
        """ReverseTime."""
        from converter.modules import sequences

        return sequences.ReverseTime(self.copy)
