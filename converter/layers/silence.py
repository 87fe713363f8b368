"""Silence: consumes blobs that no other layer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("Silence")
class Silence(Operator):
    """Takes any bottoms, so that they are no outputs of the net; their gradient is 0.

    Source: src/caffe/layers/silence_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read."""
        self.expect_bottoms(bottoms, 1, 1 << 16)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """None."""
        return []
