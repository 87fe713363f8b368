"""Normalize: vectors divided by their L2 norm, times a learned factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("Normalize", "NORMALIZE")
class Normalize(Operator):
    """x / sqrt(sum of x² + eps) * scale, x: (n, c, h, w).

    The sum runs over the channels of each position, or with `across_spatial` over a whole image (where eps is added
    once, to the sum). Blob 0 is the factor, filled with 1 by default: a scalar with `channel_shared`, else (c,). With a
    factor for each channel SSD's gradient for x is the norm's own times the factor, which is not the true derivative;
    nets were trained with it, so it is kept. Source: SSD's src/caffe/layers/normalize_layer.cpp (arXiv:1506.04579).

    NormFace's and AM-Softmax's fork has another layer of this name, without a factor: (n, c, h, w) over each position's
    sqrt(sum of x² + 1e-12), or with `normalize_type` "L1" sum of |x| + 1e-6, and as a second top these norms, which
    pass a gradient with `bp_norm`; `fix_gradient` multiplies the first one's by the norm. A layer is that one if it has
    a normalize_param or two tops, or no norm_param and no blob in the weights.
    Source: happynear/caffe-windows, src/caffe/layers/normalize_layer.cu; its .cpp adds 1e-6 to squares too.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the two flags and list the factor, or the fork's kind of norm."""
        self.expect_bottoms(bottoms, 1)
        self.plain = p.has("normalize_param") or (not p.has("norm_param") and (self.tops == 2 or not p.stored_blobs))
        if self.plain:
            self._read_plain(p.message("normalize_param"), bottoms[0])
            return
        if len(bottoms[0]) < 2:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected at least 2 axes")
        view = p.message("norm_param")
        self.across_spatial = view.flag("across_spatial", True)
        self.eps = view.number("eps", 1e-10)
        shared = view.flag("channel_shared", True)
        self.add_blob(() if shared else (bottoms[0][1],), view.message("scale_filler"), default=Filler(value=1.0))

    def _read_plain(self, view: Params, bottom: Shape) -> None:
        """The fork's layer without a factor."""
        if not 0 < len(bottom) <= 4:
            raise ShapeError(f"bottom of shape {bottom}; expected up to 4 axes (n, c, h, w)")
        self.kind = view.text("normalize_type", "L2")
        if self.kind not in {"L1", "L2"}:
            raise view.error("normalize_type", f"is {self.kind!r}", "expected L1 or L2")
        self.fix_gradient, self.norm_gradient = view.flag("fix_gradient", False), view.flag("bp_norm", False)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape; of the fork's layer filled up with ones to 4 axes, and (n, 1, h, w)."""
        if not self.plain:
            return [bottoms[0]]
        shape = (*bottoms[0], 1, 1, 1)[:4]
        return [shape, (shape[0], 1, *shape[2:])][: self.tops]

    def module(self) -> nn.Module:
        """L2Norm, or FeatureNorm."""
        from converter.modules import feature_norm, normalization

        if self.plain:
            options = (self.kind, self.fix_gradient, self.norm_gradient)
            return feature_norm.FeatureNorm(*options, gives_norm=self.tops > 1)
        shape = self.blobs[0].shape
        return normalization.L2Norm(shape[0] if shape else None, self.across_spatial, self.eps)
