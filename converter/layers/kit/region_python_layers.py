"""Faster R-CNN's Python layers between its stages: regions from anchors, and the targets that both stages train on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from converter.errors import ShapeError
from converter.layers.kit.anchors import check_image_sizes, make_anchors
from converter.layers.kit.examples import image_sizes
from converter.layers.kit.known_python_layers import known, numbers_of
from converter.layers.layer import Array, Operator, Shapes

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


class AnchorLayer(Operator):
    """A layer of one image that knows anchors: param_str has feat_stride, and scales (8, 16, 32), ratios (0.5, 1, 2).

    `settings` are keyword arguments of its module: what the original reads from lib/fast_rcnn/config.py, whose values
    are the defaults; a subclass that is registered under the same names may have others.
    """

    settings: ClassVar[Mapping[str, Any]] = {}

    def read_anchors(self, view: Params) -> str:
        """Read the stride and the anchors; gives param_str."""
        text = view.text("param_str", "")
        stride = numbers_of(text, "feat_stride")
        if len(stride) != 1 or stride[0] < 1:
            raise view.error("param_str", f"is {text!r}", "expected 'feat_stride': a whole number")
        self.stride = int(stride[0])
        ratios, scales = numbers_of(text, "ratios") or [0.5, 1, 2], numbers_of(text, "scales") or [8, 16, 32]
        self.anchors = make_anchors(16, ratios, scales)
        return text

    def compare(self, bottoms: Shapes, channels: tuple[int, ...]) -> None:
        """Refuse maps of other channels than so many an anchor, and batches."""
        count = len(self.anchors)
        if any(len(shape) != 4 or shape[1] != many * count for shape, many in zip(bottoms, channels, strict=False)):
            wanted = " and ".join(str(many * count) for many in channels)
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; {count} anchors need {wanted} channels")
        if bottoms[0][0] != 1:
            raise ShapeError(f"{bottoms[0][0]} images; the layer takes one at a time")


@known(("rpn.proposal_layer", "ProposalLayer"))
class ProposalLayer(AnchorLayer):
    """Faster R-CNN's regions of one image, (r, 5) of 0, x1, y1, x2, y2, and as second top their scores (r, 1).

    As the type Proposal, but boxes that are too small are left out. Limits are those of lib/fast_rcnn/config.py: 12000
    and 2000 in training, 6000 and 300 in testing, overlap 0.7, 16 pixels. No gradient.
    Source: rbgirshick/py-faster-rcnn, lib/rpn/proposal_layer.py and generate_anchors.py.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read param_str and compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        self.read_anchors(p.message("python_param"))
        self.before, self.after = (12000, 2000) if self.phase == "train" else (6000, 300)
        self.compare(bottoms, (2, 4))
        check_image_sizes(bottoms)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """The image's size."""
        return image_sizes(bottoms, self.stride) if place == 2 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As many regions as there may be; a run gives those it found."""
        del bottoms
        return [(self.after, 5), (self.after, 1)][: self.tops]

    def module(self) -> nn.Module:
        """Proposal."""
        from converter.modules import detection

        limits = (self.before, self.after, 0.7, 16.0)
        return detection.RegionProposal(self.anchors, self.stride, *limits, scores=self.tops > 1)


@known(("rpn.anchor_target_layer", "AnchorTargetLayer"))
class AnchorTargetLayer(AnchorLayer):
    """Labels (1, 1, anchors * h, w), offsets, inner and outer weights (1, 4 * anchors, h, w) of one image's anchors.

    Bottoms: a map of scores, of which only the size counts; true boxes (g, 5) of x1, y1, x2, y2, class; (height, width,
    scale); the image, which is not read. param_str may hold allowed_border (0). Settings: batch=256, foreground=0.5,
    positive=0.7, negative=0.3, seed=3. No gradient.
    Source: rbgirshick/py-faster-rcnn, lib/rpn/anchor_target_layer.py; ratios as in sanghoon/pva-faster-rcnn.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read param_str and compare the bottoms."""
        self.expect_bottoms(bottoms, 3, 4)
        text = self.read_anchors(p.message("python_param"))
        self.border = sum(numbers_of(text, "allowed_border"))
        self.compare(bottoms, (2,))
        _check_boxes(bottoms, 1)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """Those of the map of scores, with the anchors."""
        count, (height, width) = len(self.anchors), bottoms[0][2:]
        return [(1, 1, count * height, width), *[(1, 4 * count, height, width)] * 3]

    def module(self) -> nn.Module:
        """AnchorTarget."""
        from converter.modules import region_targets

        return region_targets.AnchorTarget(self.anchors, self.stride, self.border, **self.settings)


@known(("rpn.proposal_target_layer", "ProposalTargetLayer"))
class ProposalTargetLayer(Operator):
    """A batch of regions (m, 5), their labels (m,), offsets, inner and outer weights (m, 4 * num_classes).

    Bottoms: regions (r, 5) of 0, x1, y1, x2, y2; true boxes (g, 5) of x1, y1, x2, y2, class. param_str has num_classes;
    2 stands for offsets that know no classes too (R-FCN). Settings, those of experiments/cfgs/faster_rcnn_end2end.yml:
    batch=128, foreground=0.25, threshold=0.5, least=0.0, means=(0, 0, 0, 0), deviations=(0.1, 0.1, 0.2, 0.2), seed=3.
    No gradient. Source: rbgirshick/py-faster-rcnn, lib/rpn/proposal_target_layer.py.
    """

    settings: ClassVar[Mapping[str, Any]] = {}

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the number of classes and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("python_param")
        text = view.text("param_str", "")
        classes = numbers_of(text, "num_classes")
        if len(classes) != 1 or classes[0] < 2:
            raise view.error("param_str", f"is {text!r}", "expected 'num_classes': a whole number above 1")
        self.classes = int(classes[0])
        _check_boxes(bottoms, 0)
        _check_boxes(bottoms, 1)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As many regions as there may be; a run gives those it chose."""
        most = min(self.settings.get("batch", 128), bottoms[0][0] + bottoms[1][0])
        return [(most, 5), (most,), *[(most, 4 * self.classes)] * 3]

    def module(self) -> nn.Module:
        """ProposalTarget."""
        from converter.modules import region_targets

        return region_targets.ProposalTarget(self.classes, **self.settings)


def _check_boxes(bottoms: Shapes, index: int) -> None:
    """Refuse a bottom that has not five numbers a row."""
    shape: Shape = bottoms[index]
    if len(shape) < 2 or shape[1] != 5 or any(size != 1 for size in shape[2:]):
        raise ShapeError(f"bottom {index} of shape {shape}; expected five numbers a row")
