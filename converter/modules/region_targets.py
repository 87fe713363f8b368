"""Faster R-CNN's training targets: which anchors and regions count as which object, and how far off they lie."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.boxes import iou
from converter.modules.detection import Box, shift_anchors
from converter.modules.numpy_choice import NumpyChoice

SEED = 3
"""py-faster-rcnn's RNG_SEED."""


class AnchorTarget(nn.Module):
    """Labels, offsets and their weights for every anchor of one image.

    scores: (1, c, h, w), of which only the size counts, boxes: (g, 5) of x1, y1, x2, y2, class, info: (1, 3) of height,
    width, scale; further tensors are not read -> labels (1, 1, anchors * h, w), offsets, inner and outer weights
    (1, 4 * anchors, h, w). Of the anchors that lie in the image (up to `border` pixels beyond it) those that overlap a
    box by `positive`, or most of all, are 1, those below `negative` are 0, the others -1; of ones and of zeros the
    surplus over `batch` is -1 too. Inner weights are 1 where the label is 1, outer ones 1 / the number of labels that
    are not -1. No gradient. The surplus is chosen as NumPy's RandomState(seed) chooses it, call after call; overlaps
    are computed in float64.
    Source: rbgirshick/py-faster-rcnn, lib/rpn/anchor_target_layer.py; arXiv:1506.01497, section 3.1.2.
    """

    def __init__(
        self,
        anchors: Sequence[Box],
        stride: int = 16,
        border: float = 0.0,
        batch: int = 256,
        foreground: float = 0.5,
        positive: float = 0.7,
        negative: float = 0.3,
        seed: int = SEED,
    ) -> None:
        super().__init__()
        self.anchors, self.stride, self.border, self.batch = tuple(anchors), stride, border, batch
        self.foreground, self.positive, self.negative = foreground, positive, negative
        self.seed, self.random = seed, NumpyChoice(seed)

    @torch.no_grad()
    def forward(self, scores: Tensor, boxes: Tensor, info: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Labels, offsets, inner weights, outer weights."""
        places = shift_anchors(self.anchors, self.stride, scores[0].double())
        inside = self._inside(places, info.reshape(-1)[:2].double())
        true = _true_boxes(boxes)
        label, nearest = self._labels(places[inside], true)
        counted = (label >= 0).to(label)
        found = torch.stack([label, (label == 1).to(label), counted / counted.sum()], 1)
        flat = places.new_tensor([-1.0] + [0.0] * 6).repeat(len(places), 1)
        flat[inside] = torch.cat([found, box_offsets(places[inside], true[nearest, :4])], 1)
        maps = flat.to(scores.dtype).reshape(*scores.shape[2:], -1, 7)
        labels = maps[..., 0].permute(2, 0, 1).reshape(1, 1, -1, scores.shape[3])
        inner, outer = (_as_channels(maps[..., index : index + 1].expand(-1, -1, -1, 4)) for index in (1, 2))
        return labels, _as_channels(maps[..., 3:]), inner, outer

    def _inside(self, places: Tensor, size: Tensor) -> Tensor:
        """Indices of the anchors in the image, whose height and width are given."""
        limit = size.flip(0) + self.border
        index = ((places[:, :2] >= -self.border) & (places[:, 2:] < limit)).all(1).nonzero()[:, 0]
        if not len(index):
            raise ValueError(f"none of {len(places)} anchors lies in an image of {size[0]:g}x{size[1]:g}")
        return index

    def _labels(self, places: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
        """Of the anchors in the image: labels 1, 0 or -1, and the box that each overlaps most."""
        overlaps = torch.stack([iou(box, places, border=1.0) for box in true[:, :4]], 1)
        most, nearest = overlaps.max(1)
        label = torch.where(most < self.negative, 0.0, -1.0).to(places)
        label[(overlaps == overlaps.amax(0)).any(1)] = 1
        label[most >= self.positive] = 1
        label[self._surplus(label == 1, int(self.foreground * self.batch))] = -1
        label[self._surplus(label == 0, self.batch - int((label == 1).sum()))] = -1
        return label, nearest

    def _surplus(self, mask: Tensor, most: int) -> Tensor:
        """Indices of as many places of the mask as there are above `most`."""
        index = mask.nonzero()[:, 0]
        return self.random.choice(index, len(index) - most) if len(index) > most else index[:0]

    def extra_repr(self) -> str:
        """The limits."""
        return f"anchors={len(self.anchors)}, stride={self.stride}, batch={self.batch}, seed={self.seed}"


class ProposalTarget(nn.Module):
    """A batch of one image's regions with their classes, and the offsets of its objects.

    regions: (r, 5) of 0, x1, y1, x2, y2, boxes: (g, 5) of x1, y1, x2, y2, class -> regions (m, 5), labels (m,),
    offsets, inner and outer weights (m, 4 * classes). The true boxes count as regions too. Up to `foreground` of the
    batch overlap a box by `threshold` and have its class, the others overlap one by less, but by `least`, and are of
    class 0; both are chosen, in random order, as NumPy's RandomState(seed) chooses them, call after call. Offsets, less
    `means` over `deviations`, stand at their class's four columns, where the weights are 1. With two classes every
    object is of class 1 there (R-FCN's nets whose offsets know no classes). No gradient; overlaps are of float64.
    Source: rbgirshick/py-faster-rcnn, lib/rpn/proposal_target_layer.py; YuwenXiong/py-R-FCN.
    """

    def __init__(
        self,
        classes: int,
        batch: int = 128,
        foreground: float = 0.25,
        threshold: float = 0.5,
        least: float = 0.0,
        means: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
        deviations: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
        seed: int = SEED,
    ) -> None:
        super().__init__()
        self.classes, self.batch, self.foreground = classes, batch, foreground
        self.threshold, self.least = threshold, least
        self.means, self.deviations = tuple(means), tuple(deviations)
        self.seed, self.random = seed, NumpyChoice(seed)

    @torch.no_grad()
    def forward(self, regions: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Regions, labels, offsets, inner weights, outer weights."""
        true = _true_boxes(boxes)
        own = torch.cat([torch.zeros_like(true[:, :1]), true[:, :4]], 1)
        every = torch.cat([regions.reshape(len(regions), 5).double(), own])
        overlaps = torch.stack([iou(box, every[:, 1:], border=1.0) for box in true[:, :4]], 1)
        most, nearest = overlaps.max(1)
        hits, others = most >= self.threshold, (most < self.threshold) & (most >= self.least)
        near = self._some(hits, round(self.foreground * self.batch))
        far = self._some(others, self.batch - len(near))
        kept = torch.cat([near, far])
        label = true[nearest[kept], 4]
        label[len(near) :] = 0
        offsets = box_offsets(every[kept, 1:], true[nearest[kept], :4])
        offsets = (offsets - offsets.new_tensor(self.means)) / offsets.new_tensor(self.deviations)
        targets, weights = self._at_class(offsets, label)
        return tuple(part.to(regions.dtype) for part in (every[kept], label, targets, weights, weights))  # type: ignore[return-value]

    def _some(self, mask: Tensor, most: int) -> Tensor:
        """Up to `most` of the mask's places, in random order."""
        index = mask.nonzero()[:, 0]
        return self.random.choice(index, min(most, len(index))) if len(index) else index

    def _at_class(self, offsets: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """The offsets (m, 4) at their class's columns, and 1 there: (m, 4 * classes) each; none for class 0."""
        place = label.long().clamp(max=1) if self.classes == 2 else label.long()
        if len(place) and int(place.max()) >= self.classes:
            raise ValueError(f"a box of class {int(place.max())}; there are {self.classes} classes")
        one = nn.functional.one_hot(place, self.classes)[:, :, None] * (place > 0)[:, None, None]
        weights = one.expand(-1, -1, 4).to(offsets)
        return (weights * offsets[:, None]).reshape(len(offsets), -1), weights.reshape(len(offsets), -1)

    def extra_repr(self) -> str:
        """The classes and limits."""
        return f"{self.classes}, batch={self.batch}, foreground={self.foreground:g}, seed={self.seed}"


def box_offsets(boxes: Tensor, targets: Tensor) -> Tensor:
    """What moves boxes to targets, (n, 4) each: centers in units of the box's size, logarithms of the sizes' ratios.

    Source: rbgirshick/py-faster-rcnn, lib/fast_rcnn/bbox_transform.py.
    """
    size, wanted = (corners[:, 2:] - corners[:, :2] + 1 for corners in (boxes, targets))
    shift = targets[:, :2] + wanted / 2 - boxes[:, :2] - size / 2
    return torch.cat([shift / size, (wanted / size).log()], 1)


def _true_boxes(boxes: Tensor) -> Tensor:
    """The true boxes, (g, 5) in float64."""
    if not len(boxes):
        raise ValueError("no true box; an image to train on needs one at least")
    return boxes.reshape(len(boxes), -1)[:, :5].double()


def _as_channels(maps: Tensor) -> Tensor:
    """(h, w, anchors, 4) to (1, anchors * 4, h, w)."""
    return maps.flatten(2).permute(2, 0, 1)[None]
