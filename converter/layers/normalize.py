"""Normalize: vectors divided by their L2 norm, times a learned factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn


@layer("Normalize", "NORMALIZE")
class Normalize(Operator):
    """x / sqrt(sum of x² + eps) * scale, x: (n, c, h, w).

    The sum runs over the channels of each position, or with `across_spatial` over a whole image (where eps is added
    once, to the sum). Blob 0 is the factor, filled with 1 by default: a scalar with `channel_shared`, else (c,). With a
    factor for each channel SSD's gradient for x is the norm's own times the factor, which is not the true derivative;
    nets were trained with it, so it is kept. Source: SSD's src/caffe/layers/normalize_layer.cpp (arXiv:1506.04579).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the two flags and list the factor."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) < 2:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected at least 2 axes")
        view = p.message("norm_param")
        self.across_spatial = view.flag("across_spatial", True)
        self.eps = view.number("eps", 1e-10)
        shared = view.flag("channel_shared", True)
        self.add_blob(() if shared else (bottoms[0][1],), view.message("scale_filler"), default=Filler(value=1.0))

    def module(self) -> nn.Module:
        """L2Norm."""
        from converter.modules import normalization

        shape = self.blobs[0].shape
        return normalization.L2Norm(shape[0] if shape else None, self.across_spatial, self.eps)
