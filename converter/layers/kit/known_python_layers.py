"""Python layers that public nets are full of, as operators: FCN's and Faster R-CNN's data, a loss, ENet's dropout.

A layer that the user registered under the same names stands over these, and so do the classes of scripts that run on
`converter.pycaffe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params

_Op = TypeVar("_Op", bound=type[Operator])

KNOWN_PYTHON_LAYERS: Final[dict[tuple[str, str], type[Operator]]] = {}

IMAGE, MAP = (1, 3, 0, 0), (1, 1, 0, 0)
"""An image of three channels and a map of one number a pixel; 0 stands for sizes that only the data know."""


def known(*names: tuple[str, str]) -> Callable[[_Op], _Op]:
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


@known(
    ("voc_layers", "VOCSegDataLayer"),
    ("voc_layers", "SBDDSegDataLayer"),
    ("pascalcontext_layers", "PASCALContextSegDataLayer"),
)
class SegmentationData(FedPythonLayer):
    """FCN's images and label maps: (1, 3, h, w), (1, 1, h, w). Source: shelhamer/fcn.berkeleyvision.org."""

    in_order = (IMAGE, MAP)


@known(("siftflow_layers", "SIFTFlowSegDataLayer"))
class SiftFlowData(FedPythonLayer):
    """FCN's images with semantic and geometric labels. Source: shelhamer/fcn.berkeleyvision.org."""

    in_order = (IMAGE, MAP, MAP)


@known(("nyud_layers", "NYUDSegDataLayer"))
class NyudData(FedPythonLayer):
    """FCN's tops as param_str lists them: color and hha (1, 3, h, w), depth and label (1, 1, h, w)."""

    def stated_shapes(self, text: str) -> Shapes:
        """By the names in `'tops': [...]`."""
        listed = re.search(r"'tops'\s*:\s*\[([^\]]*)\]", text)
        names = re.findall(r"'(\w+)'", listed[1]) if listed else []
        return [IMAGE if name in ("color", "hha") else MAP for name in names]


@known(("roi_data_layer.layer", "RoIDataLayer"))
class RoIData(FedPythonLayer):
    """Faster R-CNN's image, (height, width, scale) and true boxes; Fast R-CNN's images, regions, labels and targets.

    Source: rbgirshick/py-faster-rcnn, lib/roi_data_layer/layer.py.
    """

    def stated_shapes(self, text: str) -> Shapes:
        """Three tops are those of a net with proposals; else four numbers a class follow regions and labels."""
        if self.tops == 3:
            return [IMAGE, (1, 3), (0, 5)]
        columns = 4 * int(sum(numbers_of(text, "num_classes")))
        return [(0, 3, 0, 0), (0, 5), (0,), *[(0, columns)] * 3]


@known(
    *(("sequence_input_layer", f"videoRead{phase}_{kind}") for phase in ("Train", "Test") for kind in ("RGB", "flow"))
)
class SequenceData(FedPythonLayer):
    """LRCN's frames (n, 3, 227, 227), labels (n,) and markers (n,), 0 where a clip begins; n is frames times clips.

    Source: LisaAnne/lisa-caffe-public, examples/LRCN_activity_recognition/sequence_input_layer.py.
    """

    in_order = ((0, 3, 227, 227), (0,), (0,))


@known(("pyloss", "EuclideanLossLayer"))
class EuclideanLossLayer(Operator):
    """Sum of (a - b)² / 2n, (1,); its top has a loss weight where the file says so.

    Source: examples/pycaffe/layers/pyloss.py.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        p.message("python_param").text("param_str", "")
        if not bottoms[0] or element_count(bottoms[0]) != element_count(bottoms[1]):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected as many values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """One number, with an axis."""
        del bottoms
        return [(1,)]

    def module(self) -> nn.Module:
        """EuclideanLoss."""
        from converter.modules import losses

        return losses.EuclideanLoss(keepdim=True)


@known(("spatial_dropout", "SpatialDropoutLayer"))
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


def numbers_of(text: str, name: str) -> list[float]:
    """The numbers behind `'name':` in a Python layer's YAML: one, or a list or tuple of them."""
    found = re.search(rf"'?\b{name}'?\s*:\s*(?:!!python/tuple\s*)?(\[[^\]]*\]|\([^)]*\)|-?[\d.]+)", text)
    return [float(word) for word in re.findall(r"-?\d+\.?\d*", found[1])] if found else []
