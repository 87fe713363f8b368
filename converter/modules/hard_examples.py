"""R-FCN's online hard example mining: losses that also tell each box's own, and the choice of the boxes that count."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.modules.gradients import with_gradient_of
from converter.modules.losses import SoftmaxWithLoss
from converter.modules.metric_losses import smooth_l1


class SmoothL1LossOHEM(nn.Module):
    """Sum of smooth_l1(weights * (x - target)) / the normalizer, and each place's own sum over the channels.

    x, target and weights: (n, c, ...) -> (), with `per_box` also (n, 1, h, w), without a gradient. `normalization`:
    "full" and "valid": n * h * w, "batch_size": n, "pre_fixed": `pre_fixed_normalizer`, "none": 1; never below 1.
    The gradient is smooth_l1' of the weighed difference without the factor `weights`, as R-FCN's is: where weights are
    0 or 1 it is the derivative.
    Source: R-FCN's src/caffe/layers/smooth_l1_loss_ohem_layer.cpp and .cu; arXiv:1605.06409, section 2.

        >>> SmoothL1LossOHEM("none")(torch.tensor([[3.0, 0.5]]), torch.tensor([[0.0, 0.0]]))
        tensor(2.6250)
    """

    def __init__(self, normalization: str = "valid", pre_fixed_normalizer: float = 1.0, per_box: bool = False) -> None:
        super().__init__()
        self.normalization, self.pre_fixed_normalizer, self.per_box = normalization, pre_fixed_normalizer, per_box

    def forward(self, x: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """The loss, and each box's own, (n, 1, h, w), where it is asked for."""
        difference = x - target.reshape(x.shape)
        if weights is not None:
            difference = with_gradient_of(weights.reshape(x.shape) * difference, difference)
        terms = smooth_l1(difference, 1.0)
        loss = terms.sum() / self._divisor(x)
        if not self.per_box:
            return loss
        sums = terms.detach().sum(1, keepdim=True)
        return loss, sums.reshape(*sums.shape, *[1] * (4 - sums.ndim))

    def _divisor(self, x: Tensor) -> float:
        """What the sum is divided by, at least 1."""
        places = x.shape[0] * x.shape[2:].numel()
        counts = {"full": places, "valid": places, "batch_size": x.shape[0], "pre_fixed": self.pre_fixed_normalizer}
        return max(1.0, float(counts.get(self.normalization, 1)))

    def extra_repr(self) -> str:
        """The normalization."""
        return f"normalization={self.normalization!r}, pre_fixed_normalizer={self.pre_fixed_normalizer:g}"


class SoftmaxWithLossOHEM(SoftmaxWithLoss):
    """`SoftmaxWithLoss` with one more normalization, "pre_fixed", and with each position's own loss.

    x: (outer..., c, inner...), labels: (outer..., inner...) -> (), with `probabilities` also softmax(x), with `per_box`
    also the losses, of the labels' shape with axes of length 1 behind it up to four (as `SmoothL1LossOHEM`'s, which
    R-FCN adds), 0 where a label is ignored, without a gradient.
    Source: Intel's src/caffe/layers/softmax_loss_ohem_layer.cpp; that ignored positions have loss 0:
    daijifeng001/caffe-rfcn, src/caffe/layers/softmax_loss_layer.cu.
    """

    def __init__(
        self,
        dim: int = 1,
        normalization: str = "valid",
        ignore_label: int | None = None,
        pre_fixed_normalizer: float = 1.0,
        probabilities: bool = False,
        per_box: bool = False,
    ) -> None:
        super().__init__(dim, normalization, ignore_label, probabilities)
        self.pre_fixed_normalizer, self.per_box = pre_fixed_normalizer, per_box

    def divisor(self, outer: int, inner: int, valid: Tensor) -> Tensor | float:
        """For `outer` items of `inner` positions, of which the mask `valid`, of the labels' shape, counts."""
        if self.normalization == "pre_fixed":
            return max(1.0, self.pre_fixed_normalizer)
        return super().divisor(outer, inner, valid)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The loss, a scalar, the probabilities, and each position's loss, as asked for."""
        terms, valid, logs = self.log_likelihoods(x, labels)
        inner = x.shape[self.dim + 1 :].numel()
        loss = -terms.sum() / self.divisor(x.shape[: self.dim].numel(), inner, valid)
        if not self.probabilities:
            return loss
        if not self.per_box:
            return loss, logs.exp()
        return loss, logs.exp(), -terms.detach().reshape(*labels.shape, *[1] * (4 - labels.ndim))


class BoxAnnotatorOHEM(nn.Module):
    """Labels and box weights of each image's `roi_per_img` boxes of greatest loss; the others' are put out of action.

    rois: (n, 5, ...) with the image's number first, losses and labels: (n, 1, ...), weights: (n, c, ...) -> labels
    (n, 1, h, w), `ignore_label` where a box is not chosen, and weights (n, c, h, w), 0 there. Of equal losses the first
    box comes first. No gradient passes.
    Source: R-FCN's src/caffe/layers/box_annotator_ohem_layer.cu; arXiv:1605.06409, section 2.
    """

    def __init__(self, roi_per_img: int, ignore_label: int = -1) -> None:
        super().__init__()
        self.roi_per_img, self.ignore_label = roi_per_img, ignore_label

    def forward(self, rois: Tensor, losses: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The labels (n, 1, ...) and the weights (n, c, ...)."""
        image = rois.detach()[:, 0].trunc().flatten()
        order = losses.detach().flatten().argsort(descending=True, stable=True)
        same = image[order][:, None] == image[order]
        place = same.tril(-1).sum(1)  # how many boxes of the same image have a greater loss
        chosen = torch.zeros_like(image, dtype=torch.bool).scatter(0, order, place < self.roi_per_img)
        mask = chosen.reshape(*losses.shape, *[1] * (4 - losses.ndim))
        label = labels.detach().reshape(mask.shape)
        weight = weights.detach().reshape(*weights.shape, *[1] * (4 - weights.ndim))
        return torch.where(mask, label, self.ignore_label), weight * mask

    def extra_repr(self) -> str:
        """How many boxes an image keeps."""
        return f"roi_per_img={self.roi_per_img}, ignore_label={self.ignore_label}"
