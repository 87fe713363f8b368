"""PReLU: rectification with a learned slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("PReLU")
class PReLU(Operator):
    """max(x, 0) + slope * min(x, 0), x: (n, c, ...), slope: (c,), or () with `channel_shared`, filled with 0.25.

    The gradient at 0 is the slope. Source: src/caffe/layers/prelu_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read whether the slope is shared, and list it."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) < 2:
            raise ShapeError(f"bottom of shape {bottoms[0]}; PReLU takes at least 2 axes (n, c, ...)")
        view = p.message("prelu_param")
        shape = () if view.flag("channel_shared") else (bottoms[0][1],)
        self.add_blob(shape, view.message("filler"), default=Filler(value=0.25))

    def module(self) -> nn.Module:
        """nn.PReLU, whose shared slope has Caffe's shape ()."""
        from torch import nn

        shape = self.blobs[0].shape
        return nn.PReLU(shape[0] if shape else 1)
