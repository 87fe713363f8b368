"""Proposal: Faster R-CNN's regions from the scores and offsets of anchors, in C++ rather than Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.anchors import check_image_sizes, make_anchors
from converter.layers.kit.examples import image_sizes
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("Proposal", "PROPOSAL")
class Proposal(Operator):
    """Regions (r, 5) of image, x1, y1, x2, y2, and, as second top, their scores (r,).

    Bottoms: probabilities (n, 2 * anchors, h, w), background first; offsets (n, 4 * anchors, h, w); image sizes (n,
    3 or more) of height, width and their scale factor, or one each. Offsets move anchors by parts of their size and
    scale it by exp; boxes are cut to the image, and those narrower or lower than min_size * scale score 0. The
    pre_nms_topn best go through suppression until post_nms_topn are left. No gradient. Source: PVANet's
    src/caffe/layers/proposal_layer.cpp (sanghoon/caffe); arXiv:1506.01497, section 3.1.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the anchors and the limits."""
        self.expect_bottoms(bottoms, 3)
        view = p.message("proposal_param")
        self.stride = view.integer("feat_stride", 16)
        self.anchors = _anchors(view)
        self.before, self.after = view.integer("pre_nms_topn", 6000), view.integer("post_nms_topn", 300)
        self.threshold, self.least = view.number("nms_thresh", 0.7), view.number("min_size", 16.0)
        count = len(self.anchors)
        if any(len(shape) != 4 for shape in bottoms[:2]) or (bottoms[0][1], bottoms[1][1]) != (2 * count, 4 * count):
            raise ShapeError(
                f"bottoms of shapes {list(bottoms)}; {count} anchors need {2 * count} and {4 * count} channels"
            )
        check_image_sizes(bottoms)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """The image's size."""
        return image_sizes(bottoms, self.stride) if place == 2 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As many regions as there may be; a run gives those it found."""
        most = bottoms[0][0] * self.after
        return [(most, 5), (most,)][: self.tops]

    def module(self) -> nn.Module:
        """Proposal."""
        from converter.modules import detection

        limits = (self.before, self.after, self.threshold, self.least)
        return detection.Proposal(self.anchors, self.stride, *limits, scores=self.tops > 1)


def _anchors(view: Params) -> list[tuple[float, float, float, float]]:
    """Boxes around the center of the first cell, ratio by ratio (height over width), in each every scale."""
    base, ratios, scales = view.integer("base_size", 16), view.numbers("ratio"), view.numbers("scale")
    if not ratios or not scales or min(*ratios, *scales) <= 0:
        raise view.error("ratio", f"is {list(ratios)}, scale {list(scales)}", "expected positive numbers in both")
    return make_anchors(base, ratios, scales)
