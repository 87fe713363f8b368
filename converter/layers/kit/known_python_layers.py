"""Python layers that public nets are full of, as operators: FCN's and Faster R-CNN's data, proposals, ENet's dropout.

A layer that the user registered under the same names stands over these, and so do the classes of scripts that run on
`converter.pycaffe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from converter.errors import ShapeError
from converter.layers.kit.anchors import make_anchors
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes
from converter.net.net import Shape
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn

_Op = TypeVar("_Op", bound=type[Operator])

KNOWN_PYTHON_LAYERS: Final[dict[tuple[str, str], type[Operator]]] = {}

IMAGE, MAP = (1, 3, 0, 0), (1, 1, 0, 0)
"""An image of three channels and a map of one number a pixel; 0 stands for sizes that only the data know."""


def _known(*names: tuple[str, str]) -> Callable[[_Op], _Op]:
    """Register an operator under module and class names."""

    def register(operator: _Op) -> _Op:
        operator.type = "Python"
        KNOWN_PYTHON_LAYERS.update(dict.fromkeys(names, operator))
        return operator

    return register


class FedPythonLayer(Operator):
    """A Python data layer as named inputs: the caller feeds what it would have read."""

    is_input = True
    in_order: ClassVar[tuple[Shape, ...]] = ()

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """State what is known of the shapes."""
        self.expect_bottoms(bottoms, 0)
        self.partial_shapes = self.stated_shapes(p.message("python_param").text("param_str", ""))[: self.tops]
        p.take_rest()

    def stated_shapes(self, text: str) -> Shapes:
        """The tops' shapes with 0 for what only the data know; `text` is param_str."""
        del text
        return self.in_order

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The known ones; () where the caller has to say."""
        del bottoms
        shapes = [() if 0 in shape else shape for shape in self.partial_shapes]
        return [*shapes, *[()] * (self.tops - len(shapes))]


@_known(
    ("voc_layers", "VOCSegDataLayer"),
    ("voc_layers", "SBDDSegDataLayer"),
    ("pascalcontext_layers", "PASCALContextSegDataLayer"),
)
class SegmentationData(FedPythonLayer):
    """FCN's images and label maps: (1, 3, h, w), (1, 1, h, w). Source: shelhamer/fcn.berkeleyvision.org."""

    in_order = (IMAGE, MAP)


@_known(("siftflow_layers", "SIFTFlowSegDataLayer"))
class SiftFlowData(FedPythonLayer):
    """FCN's images with semantic and geometric labels. Source: shelhamer/fcn.berkeleyvision.org."""

    in_order = (IMAGE, MAP, MAP)


@_known(("nyud_layers", "NYUDSegDataLayer"))
class NyudData(FedPythonLayer):
    """FCN's tops as param_str lists them: color and hha (1, 3, h, w), depth and label (1, 1, h, w)."""

    def stated_shapes(self, text: str) -> Shapes:
        """By the names in `'tops': [...]`."""
        listed = re.search(r"'tops'\s*:\s*\[([^\]]*)\]", text)
        names = re.findall(r"'(\w+)'", listed[1]) if listed else []
        return [IMAGE if name in ("color", "hha") else MAP for name in names]


@_known(("roi_data_layer.layer", "RoIDataLayer"))
class RoIData(FedPythonLayer):
    """Faster R-CNN's image, (height, width, scale) and true boxes; Fast R-CNN's images, regions and their targets.

    Source: rbgirshick/py-faster-rcnn, lib/roi_data_layer/layer.py.
    """

    def stated_shapes(self, text: str) -> Shapes:
        """Three tops are those of a net with proposals."""
        del text
        return [IMAGE, (1, 3), (0, 5)] if self.tops == 3 else [(0, 3, 0, 0), (0, 5)]


@_known(("rpn.proposal_layer", "ProposalLayer"))
class ProposalLayer(Operator):
    """Faster R-CNN's regions of one image, (r, 5) of 0, x1, y1, x2, y2, and as second top their scores (r, 1).

    As the type Proposal, but boxes that are too small are left out. param_str gives feat_stride, and scales and ratios
    where they are not 8, 16, 32 and 0.5, 1, 2. Limits are those of lib/fast_rcnn/config.py: 12000 and 2000 in training,
    6000 and 300 in testing, overlap 0.7, 16 pixels. No gradient.
    Source: rbgirshick/py-faster-rcnn, lib/rpn/proposal_layer.py and generate_anchors.py.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read param_str and compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        view = p.message("python_param")
        text = view.text("param_str")
        stride = _numbers(text, "feat_stride")
        if len(stride) != 1 or stride[0] < 1:
            raise view.error("param_str", f"is {text!r}", "expected 'feat_stride': a whole number")
        self.stride = int(stride[0])
        self.anchors = make_anchors(
            16, _numbers(text, "ratios") or [0.5, 1, 2], _numbers(text, "scales") or [8, 16, 32]
        )
        self.before, self.after = (12000, 2000) if self.phase == "train" else (6000, 300)
        count = len(self.anchors)
        if any(len(shape) != 4 for shape in bottoms[:2]) or (bottoms[0][1], bottoms[1][1]) != (2 * count, 4 * count):
            wanted = f"{count} anchors need {2 * count} and {4 * count} channels"
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; {wanted}")
        if bottoms[0][0] != 1:
            raise ShapeError(f"{bottoms[0][0]} images; the layer takes one at a time")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As many regions as there may be; a run gives those it found."""
        del bottoms
        return [(self.after, 5), (self.after, 1)][: self.tops]

    def module(self) -> nn.Module:
        """Proposal."""
        from converter.modules import detection

        limits = (self.before, self.after, 0.7, 16.0)
        return detection.RegionProposal(self.anchors, self.stride, *limits, scores=self.tops > 1)


@_known(("pyloss", "EuclideanLossLayer"))
class EuclideanLossLayer(Operator):
    """Sum of (a - b)² / 2n, (); its top has a loss weight where the file says so.

    Source: examples/pycaffe/layers/pyloss.py, whose top has an axis of length one.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        p.message("python_param").text("param_str", "")
        if not bottoms[0] or element_count(bottoms[0]) != element_count(bottoms[1]):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected as many values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        del bottoms
        return [()]

    def module(self) -> nn.Module:
        """EuclideanLoss."""
        from converter.modules import losses

        return losses.EuclideanLoss()


@_known(("spatial_dropout", "SpatialDropoutLayer"))
class SpatialDropoutLayer(Operator):
    """ENet's dropout of whole channels: (n, c, h, w) to the same.

    param_str holds p and a phase: in TRAIN channels are kept with probability 1 - p and scaled by 1 / (1 - p) (as
    every dropout, only while the module trains); in TEST all values are scaled by 1 / (1 - p), as ENet's program does.
    Source: TimoSaemann/ENet, spatial_dropout.py.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read p and the phase."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("python_param")
        text = view.text("param_str")
        found, phase = re.search(r"'p'\s*:\s*'?([\d.]+)'?", text), re.search(r"'phase'\s*:\s*'(\w+)'", text)
        self.ratio = float(found[1]) if found else 0.0
        if phase is None or not 0 < self.ratio < 1:
            raise view.error("param_str", f"is {text!r}", "expected 'phase' and 'p', above 0 and below 1")
        self.drops = phase[1] == "TRAIN"

    def module(self) -> nn.Module:
        """nn.Dropout2d, or what scales."""
        from torch import nn

        from converter.modules import activations

        return nn.Dropout2d(self.ratio) if self.drops else activations.Power(1.0, 1 / (1 - self.ratio), 0.0)


def _numbers(text: str, name: str) -> list[float]:
    """The numbers behind `'name':` in a Python layer's YAML: one, or a list or tuple of them."""
    found = re.search(rf"'?{name}'?\s*:\s*(?:!!python/tuple\s*)?(\[[^\]]*\]|\([^)]*\)|[\d.]+)", text)
    return [float(word) for word in re.findall(r"\d+\.?\d*", found[1])] if found else []
