"""What Caffe's losses share: how a summed loss is normalized, and which shapes are compared number by number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params

_MODES = ("FULL", "VALID", "BATCH_SIZE", "NONE")


@dataclass(frozen=True, slots=True)
class Normalizer:
    """What a summed loss is divided by (src/caffe/layers/softmax_loss_layer.cpp, get_normalizer).

    `mode` is "full", "valid", "batch_size" or "none", as `converter.modules.losses.NormalizedLoss` takes it; R-FCN's
    fork adds "pre_fixed", the number that stands in `pre_fixed`.
    """

    mode: str
    ignore_label: int | None
    pre_fixed: float = 1.0


def read_normalizer(view: Params, default: str, *, legacy: bool = True) -> Normalizer:
    """The normalizer of a loss_param: `normalization`, else the older flag `normalize`, else `default`."""
    ignore = view.integer("ignore_label") if view.has("ignore_label") else None
    old = view.flag("normalize") if view.has("normalize") else None
    if old is not None and not legacy:
        raise view.error("normalize", "is of no use to this layer", "use normalization")
    if view.has("normalization"):
        return Normalizer(view.choice("normalization", _MODES).lower(), ignore)
    return Normalizer(default.lower() if old is None else "valid" if old else "batch_size", ignore)


def read_deeplabs_label(view: Params, normalizer: Normalizer) -> Normalizer:
    """The normalizer with the ignored label that DeepLab v1's softmaxloss_param states, if any.

    Source: TheLegendAli/DeepLab-Context, src/caffe/layers/softmax_loss_layer.cpp.

    Raises:
        UnsupportedParameterError: weights from a file, several labels, or another one than loss_param's.
    """
    if view.has("weight_source"):
        raise view.error("weight_source", "names a file of class weights", "the converter knows the loss without it")
    labels = {*view.integers("ignore_label"), *([] if normalizer.ignore_label is None else [normalizer.ignore_label])}
    if len(labels) > 1:
        raise view.error("ignore_label", f"makes {sorted(labels)} ignored", "expected one label")
    return replace(normalizer, ignore_label=next(iter(labels), None))


def read_pre_fixed_normalizer(view: Params, default: str) -> Normalizer:
    """The normalizer of R-FCN's fork, whose loss_param also knows `PRE_FIXED` and `pre_fixed_normalizer`."""
    fixed = view.number("pre_fixed_normalizer", 1.0)
    if view.has("normalization") and view.choice("normalization", (*_MODES, "PRE_FIXED")) == "PRE_FIXED":
        return Normalizer("pre_fixed", view.integer("ignore_label") if view.has("ignore_label") else None, fixed)
    return read_normalizer(view, default)


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """What SegNet's fork weights each class's terms by: `values`, one a class, or (empty) one over its labels' number.

    Source: alexgkendall/caffe-segnet, src/caffe/layers/softmax_loss_layer.cu (values), .cpp (numbers).
    """

    values: tuple[float, ...] = ()


def read_class_weights(view: Params, classes: int) -> ClassWeights | None:
    """SegNet's `weight_by_label_freqs` and `class_weighting`; None where the flag is not set, as the fork has it.

    Raises:
        UnsupportedParameterError: another number of weights than classes.
    """
    asked, values = view.flag("weight_by_label_freqs", False), view.numbers("class_weighting")
    if not asked:
        return None
    if values and len(values) != classes:
        raise view.error("class_weighting", f"has {len(values)} values for {classes} classes", "give one a class")
    return ClassWeights(values)


def expect_equal_items(a: Shape, b: Shape) -> None:
    """Refuse bottoms of other numbers of items, or of values in each.

    Raises:
        ShapeError: they differ.
    """
    if not a or a[:1] != b[:1] or element_count(a) != element_count(b):
        raise ShapeError(f"bottoms of shapes {a} and {b}; expected as many items, and as many values in each")
