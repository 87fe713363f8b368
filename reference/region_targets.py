"""Faster R-CNN's training targets, of anchors and of regions, chosen by NumPy's generator of seed 3.

Source: rbgirshick/py-faster-rcnn, lib/rpn/anchor_target_layer.py and proposal_target_layer.py; the settings are those
of lib/fast_rcnn/config.py under experiments/cfgs/faster_rcnn_end2end.yml.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.anchors import Box, every_anchor, offset_between, overlap
from reference.layer import Array, Layer

SEED = 3
ANCHORS_KEPT, POSITIVE, NEGATIVE = 256, 0.7, 0.3
REGIONS_KEPT, FOREGROUND, HIT = 128, 32, 0.5
DEVIATIONS = (0.1, 0.1, 0.2, 0.2)


def anchor_targets(anchors: Sequence[Box], stride: int, bottoms: list[Array], border: float) -> list[Array]:
    """Scores (1, c, h, w), true boxes (g, 5), (height, width, scale) -> labels, offsets, inner and outer weights."""
    height, width = bottoms[0].shape[2:]
    true = bottoms[1].reshape(len(bottoms[1]), -1)
    rows, columns = (float(size) + border for size in bottoms[2].reshape(-1)[:2])
    places = every_anchor(anchors, stride, height, width)
    inside = [at for at, box in enumerate(places) if min(box[:2]) >= -border and box[2] < columns and box[3] < rows]
    overlaps = np.array([[overlap(places[at], box) for box in true] for at in inside])
    labels = np.full(len(inside), -1)
    labels[overlaps.max(1) < NEGATIVE] = 0
    labels[np.nonzero(overlaps == overlaps.max(0))[0]] = 1
    labels[overlaps.max(1) >= POSITIVE] = 1
    random = np.random.RandomState(SEED)
    for label, most in ((1, ANCHORS_KEPT // 2), (0, ANCHORS_KEPT)):
        found = np.flatnonzero(labels == label)
        room = most if label else most - int((labels == 1).sum())
        if len(found) > room:
            labels[random.choice(found, len(found) - room, replace=False)] = -1
    table = np.zeros((len(places), 13))
    table[:, 0] = -1
    for index, at in enumerate(inside):
        chosen, counted = float(labels[index] == 1), (labels[index] >= 0) / (labels >= 0).sum()
        offset = offset_between(places[at], true[overlaps[index].argmax()])
        table[at] = [labels[index], *offset, *[chosen] * 4, *[counted] * 4]
    maps = table.reshape(height, width, len(anchors), 13)
    wide = [maps[..., 1 + 4 * i : 5 + 4 * i].reshape(height, width, -1).transpose(2, 0, 1)[None] for i in range(3)]
    return [maps[..., 0].transpose(2, 0, 1).reshape(1, 1, -1, width), *wide]


def proposal_targets(layer: Layer, classes: int, bottoms: list[Array]) -> list[Array]:
    """Regions (r, 5), true boxes (g, 5) -> regions, labels, offsets, inner and outer weights of a batch."""
    true = bottoms[1].reshape(len(bottoms[1]), -1)
    regions = [*bottoms[0].reshape(len(bottoms[0]), -1), *(np.array([0.0, *box[:4]]) for box in true)]
    overlaps = np.array([[overlap(region[1:], box) for box in true] for region in regions])
    random = np.random.RandomState(SEED)
    near = _some(random, overlaps.max(1) >= HIT, FOREGROUND)
    far = _some(random, overlaps.max(1) < HIT, REGIONS_KEPT - len(near))
    chosen = [regions[at] for at in (*near, *far)]
    labels = [*(int(true[overlaps[at].argmax(), 4]) for at in near), *(0 for _ in far)]
    targets, weights = np.zeros((2, len(chosen), classes, 4))
    for row, (at, label) in enumerate(zip(near, labels, strict=False)):
        column = min(label, 1) if classes == 2 else label
        if column >= classes:
            raise layer.error(f"has a box of class {label}; expected less than {classes}")
        targets[row, column] = offset_between(chosen[row][1:], true[overlaps[at].argmax()]) / np.array(DEVIATIONS)
        weights[row, column] = 1
    flat, ones = targets.reshape(len(chosen), -1), weights.reshape(len(chosen), -1)
    return [np.array(chosen), np.array(labels), flat, ones, ones]


def _some(random: np.random.RandomState, mask: Array, most: int) -> list[int]:
    """Up to `most` places of the mask, in random order."""
    found = np.flatnonzero(mask)
    return [int(at) for at in random.choice(found, min(most, len(found)), replace=False)] if len(found) else []
