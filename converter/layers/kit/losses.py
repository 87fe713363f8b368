"""What Caffe's losses share: the normaliser, and labels as whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from converter.layers.kit.integers import check_range
from converter.layers.kit.lazytorch import torch
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor

_MODES = ("FULL", "VALID", "BATCH_SIZE", "NONE")

# Caffe never takes the logarithm of less (kLOG_THRESHOLD in its loss layers).
LEAST_PROBABILITY: Final = 1e-20


@dataclass(frozen=True, slots=True)
class Normalizer:
    """What a summed loss is divided by (src/caffe/layers/softmax_loss_layer.cpp, get_normalizer); at least 1."""

    mode: str
    ignore_label: int | None

    def divisor(self, outer: int, inner: int, valid: Tensor) -> Tensor | float:
        """FULL: every position, VALID: those not ignored, BATCH_SIZE: the outer count, NONE: 1."""
        if self.mode == "VALID":
            return valid.sum().clamp(min=1)
        return float(max({"FULL": outer * inner, "BATCH_SIZE": outer, "NONE": 1}[self.mode], 1))


def read_normalizer(view: Params, default: str, *, legacy: bool = True) -> Normalizer:
    """The normaliser of a loss_param: `normalization`, else the older flag `normalize`, else `default`."""
    ignore = view.integer("ignore_label") if view.has("ignore_label") else None
    old = view.flag("normalize") if view.has("normalize") else None
    if old is not None and not legacy:
        raise view.error("normalize", "is of no use to this layer", "use normalization")
    if view.has("normalization"):
        return Normalizer(view.choice("normalization", _MODES), ignore)
    return Normalizer(default if old is None else "VALID" if old else "BATCH_SIZE", ignore)


def whole_labels(labels: Tensor, classes: int, ignore: int | None) -> tuple[Tensor, Tensor]:
    """Labels cut to whole numbers, ignored ones set to 0, and the mask of those that count.

    Raises:
        ShapeError: a label that counts lies outside 0 to classes - 1 (see `check_range` for where this is looked for).
    """
    whole = labels.detach().long()
    valid = torch.ones_like(whole, dtype=torch.bool) if ignore is None else whole != ignore
    check_range("label", whole, classes, valid)
    return torch.where(valid, whole, 0), valid


def clamped_log(log_probability: Tensor, least: float) -> Tensor:
    """log(max(p, least)) with the gradient of log p: Caffe clamps the loss, never its gradient."""
    clamped = log_probability.detach().clamp(min=math.log(least))
    return log_probability + (clamped - log_probability.detach())


def straight_clamp(x: Tensor, least: float) -> Tensor:
    """max(x, least) through which the gradient passes everywhere."""
    return x + (x.detach().clamp(min=least) - x.detach())
