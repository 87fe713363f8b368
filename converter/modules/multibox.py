"""SSD's training loss: priors matched with true boxes, hard negatives, offsets and classes in one number."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.boxes import decode_boxes, iou
from converter.modules.losses import LEAST_FLOAT, log_clamped
from converter.modules.metric_losses import smooth_l1

_LEAST_OVERLAP = 1e-6
_CROSSES_BORDER = -2


class MultiBoxLoss(nn.Module):
    """loc_weight * loss of the matched priors' offsets + loss of classes, / the normalizer.

    offsets: (n, priors * 4), scores: (n, priors * classes), priors: (1, 2, priors * 4) with their variances, truth:
    (1, 1, boxes, 8) rows of item, label, instance, xmin, ymin, xmax, ymax, difficult; item -1 stands for nothing -> ().
    Each true box takes the prior that overlaps it most; with `per_prediction` priors that overlap one by
    `overlap_threshold` are matched too. With `mining` only the priors without a match that overlap every box by less
    than `neg_overlap` and lose most as background count, `neg_pos_ratio` for each match of their image; else all do.
    Only offsets and scores get a gradient.
    Source: SSD's src/caffe/layers/multibox_loss_layer.cpp and util/bbox_util.cpp; arXiv:1512.02325, section 2.2.

    Args:
        classes: with the background.
        loc_loss: "smooth_l1" or "l2".
        conf_loss: "softmax" or "logistic".
        use_prior: match the priors, not the predicted boxes.
        code: as `converter.modules.boxes.decode_boxes` has it.
        normalization: what the sum is divided by, at least 1: "valid": the matches, "full": every prior of every image,
            "batch_size": the images, "none": 1.
        agnostic: every object is of the class behind the background's.
        losses: whether offsets and classes count.
    """

    def __init__(
        self,
        classes: int,
        loc_loss: str = "smooth_l1",
        conf_loss: str = "softmax",
        loc_weight: float = 1.0,
        per_prediction: bool = True,
        overlap_threshold: float = 0.5,
        use_prior: bool = True,
        background_label: int = 0,
        use_difficult: bool = True,
        mining: bool = True,
        neg_pos_ratio: float = 3.0,
        neg_overlap: float = 0.5,
        code: str = "CORNER",
        variance_in_target: bool = False,
        agnostic: bool = False,
        ignore_cross_boundary: bool = False,
        normalization: str = "valid",
        losses: tuple[bool, bool] = (True, True),
    ) -> None:
        super().__init__()
        self.classes, self.loc_loss, self.conf_loss, self.loc_weight = classes, loc_loss, conf_loss, loc_weight
        self.per_prediction, self.overlap_threshold, self.use_prior = per_prediction, overlap_threshold, use_prior
        self.background_label, self.use_difficult = background_label, use_difficult
        self.mining, self.neg_pos_ratio, self.neg_overlap = mining, neg_pos_ratio, neg_overlap
        self.code, self.variance_in_target, self.agnostic = code, variance_in_target, agnostic
        self.ignore_cross_boundary, self.normalization, self.losses = ignore_cross_boundary, normalization, losses

    def forward(self, offsets: Tensor, scores: Tensor, priors: Tensor, truth: Tensor) -> Tensor:
        """The loss."""
        items = len(offsets)
        offsets, scores = offsets.reshape(items, -1, 4), scores.reshape(items, -1, self.classes)
        boxes, variances = priors.detach().reshape(2, -1, 4)
        loc, conf, matches = offsets.new_zeros(()), scores.new_zeros(()), 0
        for item, rows in enumerate(self._rows(truth.detach(), items)):
            match, overlap = self._match(self._candidates(boxes, variances, offsets[item].detach()), rows[:, 3:7])
            found = (match >= 0).nonzero()[:, 0]
            loc = loc + self._loc_loss(offsets[item][found], boxes[found], variances[found], rows[match[found], 3:7])
            conf = conf + self._conf_loss(scores[item], match, overlap, rows[:, 1].long())
            matches += len(found)
        divisor = {"valid": matches, "full": items * len(boxes), "batch_size": items, "none": 1}[self.normalization]
        parts = [part for part, wanted in zip((self.loc_weight * loc, conf), self.losses, strict=True) if wanted]
        return sum(parts, loc.new_zeros(())) / max(1, divisor)

    def _rows(self, truth: Tensor, items: int) -> list[Tensor]:
        """The true boxes of each image, (boxes, 8)."""
        rows = truth.reshape(-1, 8)
        kept = rows if self.use_difficult else rows[rows[:, 7] == 0]
        return [kept[kept[:, 0].trunc() == item] for item in range(items)]

    def _candidates(self, boxes: Tensor, variances: Tensor, offsets: Tensor) -> Tensor:
        """The boxes that are matched: the priors, or what the offsets make of them."""
        if self.use_prior:
            return boxes
        return decode_boxes(self.code, boxes, offsets if self.variance_in_target else offsets * variances)

    def _match(self, candidates: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
        """Each candidate's true box, -1 without one, -2 where it is not to be asked; and its largest overlap."""
        match = torch.full((len(candidates),), -1, device=candidates.device)
        if not len(true):
            return match, candidates.new_zeros(len(candidates))
        overlaps = torch.stack([iou(box, candidates) for box in true], 1)
        if self.ignore_cross_boundary:
            crossing = ((candidates < 0) | (candidates > 1)).any(1)
            match[crossing] = _CROSSES_BORDER
            overlaps[crossing] = 0
        left = torch.where(overlaps > _LEAST_OVERLAP, overlaps, -1.0)
        rest = left.clone()
        for _ in range(len(true)):
            best = int(rest.argmax())
            row, column = divmod(best, len(true))
            if rest[row, column] < 0:
                break
            match[row] = column
            rest[row], rest[:, column] = -1, -1
        largest, nearest = left.max(1)
        if self.per_prediction:
            match = torch.where((match == -1) & (largest >= self.overlap_threshold), nearest, match)
        return match, largest.clamp(min=0)

    def _loc_loss(self, predicted: Tensor, priors: Tensor, variances: Tensor, true: Tensor) -> Tensor:
        """The summed loss of matched priors' offsets."""
        difference = predicted - encode_boxes(self.code, priors, true) / (1.0 if self.variance_in_target else variances)
        if self.variance_in_target:
            difference = difference / variances
        return difference.square().sum() / 2 if self.loc_loss == "l2" else smooth_l1(difference, 1.0).sum()

    def _conf_loss(self, scores: Tensor, match: Tensor, overlap: Tensor, labels: Tensor) -> Tensor:
        """The summed loss of classes over the priors of one image that count."""
        if self.mining and not len(labels):
            return scores.sum() * 0
        true = torch.full_like(labels, self.background_label + 1) if self.agnostic else labels
        target = torch.full_like(match, self.background_label)
        positive = match >= 0
        target[positive] = true[match[positive]]
        terms = self._class_terms(scores, target)
        return terms[self._counted(terms.detach(), match, overlap)].sum() if self.mining else terms.sum()

    def _class_terms(self, scores: Tensor, target: Tensor) -> Tensor:
        """Each prior's loss, (priors,)."""
        if self.conf_loss == "softmax":
            return -log_clamped(scores.log_softmax(1).gather(1, target[:, None])[:, 0], LEAST_FLOAT)
        wanted = torch.full_like(scores, float(self.background_label)).scatter(1, target[:, None], 1.0)
        return F.binary_cross_entropy_with_logits(scores, wanted.detach(), reduction="none").sum(1)

    def _counted(self, losses: Tensor, match: Tensor, overlap: Tensor) -> Tensor:
        """The mask of the matches and of the negatives that lose most."""
        positive = match >= 0
        eligible = ((match == -1) & (overlap < self.neg_overlap)).nonzero()[:, 0]
        most = min(int(int(positive.sum()) * self.neg_pos_ratio), len(eligible))
        hardest = eligible[losses[eligible].argsort(descending=True, stable=True)[:most]]
        return positive.scatter(0, hardest, torch.ones_like(hardest, dtype=torch.bool))


def encode_boxes(code: str, priors: Tensor, boxes: Tensor) -> Tensor:
    """The offsets that make `boxes` of `priors`, (n, 4) each: the inverse of `decode_boxes`, without variances."""
    if code == "CORNER":
        return boxes - priors
    size = priors[:, 2:] - priors[:, :2]
    if code == "CORNER_SIZE":
        return (boxes - priors) / torch.cat([size, size], 1)
    shift = (boxes[:, :2] + boxes[:, 2:] - priors[:, :2] - priors[:, 2:]) / 2 / size
    return torch.cat([shift, ((boxes[:, 2:] - boxes[:, :2]) / size).log()], 1)
