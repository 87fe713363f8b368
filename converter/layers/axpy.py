"""Axpy: a factor for each channel, and a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Axpy", "AXPY")
class Axpy(Operator):
    """a * x + y; a: (n, c) or (n, c, 1, 1), x and y: (n, c, h, w).

    Source: SENet's src/caffe/layers/axpy_layer.cpp (hujie-frank/SENet, arXiv:1709.01507).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        a, x, y = bottoms
        if x != y or len(x) < 2 or a[:2] != x[:2] or element_count(a[2:]) != 1:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c), (n, c, ...) and the second's again")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The second bottom's shape."""
        return [bottoms[1]]

    def module(self) -> nn.Module:
        """Axpy."""
        from converter.modules import combine

        return combine.Axpy()
