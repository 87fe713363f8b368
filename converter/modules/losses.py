"""Caffe's losses and its accuracy: scalars, normalized as Caffe normalizes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.gradients import with_gradient_of
from converter.modules.integers import check_range

LEAST_PROBABILITY = 1e-20
"""Caffe never takes the logarithm of less (kLOG_THRESHOLD in its loss layers)."""

LEAST_FLOAT = 1.1754943508222875e-38
"""FLT_MIN, at which SoftmaxWithLoss holds a probability (src/caffe/layers/softmax_loss_layer.cpp)."""


def integer_labels(labels: Tensor, classes: int, ignore_label: int | None) -> tuple[Tensor, Tensor]:
    """Labels of any shape cut to int64, ignored ones set to 0, and the mask of that shape of those that count.

    Raises:
        IndexError: a label that counts lies outside 0 to classes - 1 (see `check_range` for where this is looked for).
    """
    integers = labels.detach().long()
    valid = torch.ones_like(integers, dtype=torch.bool) if ignore_label is None else integers != ignore_label
    check_range("label", integers, classes, valid)
    return torch.where(valid, integers, 0), valid


class NormalizedLoss(nn.Module):
    """What a summed loss is divided by, at least 1 (src/caffe/layers/softmax_loss_layer.cpp, get_normalizer).

    `normalization`: "full": every position, "valid": those not ignored, "batch_size": the items, "none": 1.
    """

    def __init__(self, normalization: str, ignore_label: int | None = None) -> None:
        super().__init__()
        self.normalization, self.ignore_label = normalization, ignore_label

    def divisor(self, outer: int, inner: int, valid: Tensor) -> Tensor | float:
        """For `outer` items of `inner` positions, of which the mask `valid`, of the labels' shape, counts."""
        if self.normalization == "valid":
            return valid.sum().clamp(min=1)
        return float(max({"full": outer * inner, "batch_size": outer, "none": 1}[self.normalization], 1))

    def extra_repr(self) -> str:
        """The normalization."""
        return f"normalization={self.normalization!r}, ignore_label={self.ignore_label}"


class SoftmaxWithLoss(NormalizedLoss):
    """-sum of log softmax(x)[label] over the positions that count, divided by the normalizer.

    x: (outer..., c, inner...) with c along `dim`, labels: outer * inner numbers in x's order -> (), with
    `probabilities` also softmax(x). A probability is held at FLT_MIN without touching the gradient. `class_weights`
    multiply the terms of their class; empty: its terms are divided by their number. Source:
    src/caffe/layers/softmax_loss_layer.cpp; the weights: the same file and .cu of alexgkendall/caffe-segnet.

        >>> SoftmaxWithLoss()(torch.zeros(1, 4), torch.zeros(1))
        tensor(1.3863)
    """

    def __init__(
        self,
        dim: int = 1,
        normalization: str = "valid",
        ignore_label: int | None = None,
        probabilities: bool = False,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__(normalization, ignore_label)
        self.dim, self.probabilities, self.class_weights = dim, probabilities, class_weights

    def forward(self, x: Tensor, labels: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The loss, a scalar, and the probabilities (the scores' shape) where they are asked for."""
        terms, valid, logs = self.log_likelihoods(x, labels)
        terms = self.scaled(terms, valid, x, labels)
        loss = -terms.sum() / self.divisor(x.shape[: self.dim].numel(), x.shape[self.dim + 1 :].numel(), valid)
        return (loss, logs.exp()) if self.probabilities else loss

    def scaled(self, terms: Tensor, valid: Tensor, x: Tensor, labels: Tensor) -> Tensor:
        """The terms (outer, inner) of the positions that are `valid`, as they count: by their classes' weights."""
        del valid
        return terms if self.class_weights is None else terms * self._weights(x, labels.reshape(terms.shape))

    def log_likelihoods(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each position's log softmax(x)[label], 0 where ignored, the mask of those that count, and log softmax(x)."""
        logs = F.log_softmax(x, self.dim)
        outer, inner = x.shape[: self.dim], x.shape[self.dim + 1 :]
        label, valid = integer_labels(labels.reshape(*outer, 1, *inner), x.shape[self.dim], self.ignore_label)
        return log_clamped(logs.gather(self.dim, label), LEAST_FLOAT) * valid, valid, logs

    def _weights(self, x: Tensor, labels: Tensor) -> Tensor:
        """The weight of each position's class, of the labels' shape."""
        classes = x.shape[self.dim]
        label, valid = integer_labels(labels, classes, self.ignore_label)
        if self.class_weights:
            weights = x.new_tensor(self.class_weights)
        else:
            counts = x.new_zeros(classes).scatter_add(0, label.flatten(), valid.flatten().to(x.dtype))
            weights = 1 / counts.clamp(min=1)
        return weights[label]


class InfogainLoss(SoftmaxWithLoss):
    """-sum over classes of H[label, class] log(max(p[class], 1e-20)) over the positions that count, / the normalizer.

    p is the softmax of x: (outer..., c, inner...) along `dim`, labels: one number a position, H: c * c numbers, given
    to `forward` or as `matrix`. Holding p does not touch the gradient.
    Source: src/caffe/layers/infogain_loss_layer.cpp.
    """

    def __init__(
        self,
        dim: int = 1,
        normalization: str = "valid",
        ignore_label: int | None = None,
        probabilities: bool = False,
        matrix: Tensor | None = None,
    ) -> None:
        super().__init__(dim, normalization, ignore_label, probabilities)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, x: Tensor, labels: Tensor, matrix: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """The loss, a scalar, and the probabilities (the scores' shape) where they are asked for."""
        classes = x.shape[self.dim]
        logs = F.log_softmax(x, self.dim)
        outer, inner = x.shape[: self.dim], x.shape[self.dim + 1 :]
        label, valid = integer_labels(labels.reshape(*outer, *inner), classes, self.ignore_label)
        gains = (self.get_buffer("matrix") if matrix is None else matrix.detach()).to(x.dtype)
        weights = gains.reshape(classes, classes)[label].movedim(-1, self.dim)
        terms = (weights * log_clamped(logs, LEAST_PROBABILITY)).sum(self.dim) * valid
        loss = -terms.sum() / self.divisor(outer.numel(), inner.numel(), valid)
        return (loss, logs.exp()) if self.probabilities else loss


class SigmoidCrossEntropyLoss(NormalizedLoss):
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)) over the values that count, / the normalizer.

    x: (n, ...), target: as many values, 0 to 1 -> (). A value is ignored where the target, cut to an integer, is
    ignore_label. Only x gets a gradient. Source: src/caffe/layers/sigmoid_cross_entropy_loss_layer.cpp.
    """

    def __init__(self, normalization: str = "batch_size", ignore_label: int | None = None) -> None:
        super().__init__(normalization, ignore_label)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        target = target.detach().reshape(x.shape)
        terms = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        counted = torch.ones_like(target, dtype=torch.bool)
        valid = counted if self.ignore_label is None else target.trunc() != self.ignore_label
        return (terms * valid).sum() / self.divisor(x.shape[0], x.shape[1:].numel(), valid)


class L1Loss(nn.Module):
    """Sum of |a - b| / n; a: (n, ...), b: (n, ...) with as many values -> (). Both get a gradient, 0 where they agree.

    Source: NVIDIA's src/caffe/layers/l1_loss_layer.cpp.

        >>> L1Loss()(torch.zeros(2, 3), torch.ones(2, 3))
        tensor(3.)
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The loss."""
        return (a - b.reshape(a.shape)).abs().sum() / a.shape[0]


class EuclideanLoss(nn.Module):
    """Sum of (a - b)² / 2n; a: (n, ...), b: (n, ...) with as many values -> (), (1,) with `keepdim`. Both learn.

    Source: src/caffe/layers/euclidean_loss_layer.cpp.

        >>> EuclideanLoss()(torch.zeros(2, 3), torch.ones(2, 3))
        tensor(1.5000)
    """

    def __init__(self, keepdim: bool = False) -> None:
        super().__init__()
        self.keepdim = keepdim

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The loss."""
        loss = (a - b.reshape(a.shape)).square().sum() / (2 * a.shape[0])
        return loss[None] if self.keepdim else loss


class HingeLoss(nn.Module):
    """Sum of max(0, 1 + x[j]) over the wrong classes and max(0, 1 - x[label]), or of their squares (`norm` 2), / n.

    x: (n, ...) with one value a class, labels: n numbers -> (). On the margin's edge the gradient is 0.
    Source: src/caffe/layers/hinge_loss_layer.cpp.
    """

    def __init__(self, norm: int = 1) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        scores = x.reshape(x.shape[0], -1)
        label, _ = integer_labels(labels.reshape(-1, 1), scores.shape[1], None)
        sign = torch.ones_like(scores).scatter(1, label, -1.0)
        short = F.relu(1 + sign * scores)
        return (short * short if self.norm == 2 else short).sum() / scores.shape[0]

    def extra_repr(self) -> str:
        """The norm."""
        return f"norm={self.norm}"


class MultinomialLogisticLoss(nn.Module):
    """-sum of log(max(p[label], 1e-20)) / n; p: (n, ...) with one probability a class, labels: n numbers -> ().

    The gradient is that of the held value, whether it was held or not.
    Source: src/caffe/layers/multinomial_logistic_loss_layer.cpp.
    """

    def forward(self, p: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        chances = p.reshape(p.shape[0], -1)
        label, _ = integer_labels(labels.reshape(-1, 1), chances.shape[1], None)
        chosen = chances.gather(1, label)
        return -torch.log(with_gradient_of(chosen.clamp(min=LEAST_PROBABILITY), chosen)).sum() / chances.shape[0]


def log_clamped(log_probability: Tensor, least: float) -> Tensor:
    """log(max(p, least)) with the gradient of log p: Caffe clamps the loss, never its gradient."""
    clamped = log_probability.detach().clamp(min=math.log(least))
    return with_gradient_of(clamped, log_probability)
