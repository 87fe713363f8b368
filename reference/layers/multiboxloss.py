"""MultiBoxLoss (SSD's fork): priors matched with true boxes, their offsets' loss, and the loss of classes.

Source: src/caffe/layers/multibox_loss_layer.cpp and src/caffe/util/bbox_util.cpp of the SSD fork.
"""

from __future__ import annotations

import numpy as np

from reference.boxes import decode_boxes, iou
from reference.layer import Array, Layer
from reference.losses import FLOAT_MIN, normalizer
from reference.params import Params

TYPE = "MultiBoxLoss"
MESSAGES = ("multibox_loss_param", "loss_param")
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = """
multibox_loss_param: loc_loss_type 0 enum(L2=0 SMOOTH_L1=1) = SMOOTH_L1; conf_loss_type 0 enum(SOFTMAX=0 LOGISTIC=1) = SOFTMAX; loc_weight 0 float = 1; num_classes 0 int; share_location 0 bool = true; match_type 0 enum(BIPARTITE=0 PER_PREDICTION=1) = PER_PREDICTION; overlap_threshold 0 float = 0.5; use_prior_for_matching 0 bool = true; background_label_id 0 int = 0; use_difficult_gt 0 bool = true; do_neg_mining 0 bool; neg_pos_ratio 0 float = 3; neg_overlap 0 float = 0.5; code_type 0 enum(CORNER=1 CENTER_SIZE=2 CORNER_SIZE=3) = CORNER; encode_variance_in_target 0 bool = false; map_object_to_agnostic 0 bool = false; ignore_cross_boundary_bbox 0 bool = false; mining_type 0 enum(NONE=0 MAX_NEGATIVE=1) = MAX_NEGATIVE
"""  # noqa: E501 (one line a message)


def _matches(params: Params, candidates: Array, true: Array) -> tuple[dict[int, int], dict[int, float]]:
    """Candidate -> true box; and candidate -> its largest overlap, without those that may not be asked."""
    asked = range(len(candidates))
    if params.flag("ignore_cross_boundary_bbox"):
        asked = [i for i in asked if candidates[i].min() >= 0 and candidates[i].max() <= 1]  # type: ignore[assignment]
    overlaps = {(i, j): iou(candidates[i], true[j]) for i in asked for j in range(len(true))}
    overlaps = {pair: value for pair, value in overlaps.items() if value > 1e-6}
    found: dict[int, int] = {}
    for (i, j), _ in sorted(overlaps.items(), key=lambda entry: -entry[1]):
        if i not in found and j not in found.values():
            found[i] = j
    best = {i: max([value for (k, _), value in overlaps.items() if k == i], default=0.0) for i in asked}
    if params.choice("match_type") == "PER_PREDICTION":
        for i in set(asked) - set(found):
            if best[i] and best[i] >= params.real("overlap_threshold"):
                found[i] = next(j for j in range(len(true)) if overlaps.get((i, j)) == best[i])
    return found, best


def _encoded(code: str, prior: Array, box: Array) -> Array:
    size = prior[2:] - prior[:2]
    if code == "CORNER":
        return np.asarray(box - prior)
    if code == "CORNER_SIZE":
        return np.asarray((box - prior) / np.tile(size, 2))
    move = (box[:2] + box[2:]) / 2 - (prior[:2] + prior[2:]) / 2
    return np.concatenate([move / size, np.log((box[2:] - box[:2]) / size)])


def _offset_loss(params: Params, prior: Array, variance: Array, offset: Array, box: Array) -> float:
    target = _encoded(params.choice("code_type"), prior, box)
    scaled = params.flag("encode_variance_in_target")
    gap = np.abs((offset - target) / variance if scaled else offset - target / variance)
    if params.choice("loc_loss_type") == "L2":
        return float((gap**2).sum() / 2)
    return float(np.where(gap < 1, gap**2 / 2, gap - 0.5).sum())


def _class_loss(params: Params, scores: Array, label: int) -> float:
    if params.choice("conf_loss_type") == "SOFTMAX":
        powers = np.exp(scores - scores.max())
        return float(-np.log(max(powers[label] / powers.sum(), FLOAT_MIN)))
    target = np.full(len(scores), float(params.integer("background_label_id")))
    target[label] = 1
    return float((np.maximum(scores, 0) - scores * target + np.log1p(np.exp(-np.abs(scores)))).sum())


def _class_losses(
    params: Params, scores: Array, found: dict[int, int], best: dict[int, float], labels: list[int]
) -> float:
    """The classes' loss of one image."""
    background = params.integer("background_label_id")
    agnostic = params.flag("map_object_to_agnostic")
    hits = sum(_class_loss(params, scores[i], background + 1 if agnostic else labels[j]) for i, j in found.items())
    others = [i for i in range(len(scores)) if i not in found]
    if params.choice("mining_type") == "MAX_NEGATIVE":
        others = [i for i in others if labels and best.get(i, 1.0) < params.real("neg_overlap") and i in best]
    losses = sorted((_class_loss(params, scores[i], background) for i in others), reverse=True)
    if params.choice("mining_type") == "MAX_NEGATIVE":
        losses = losses[: int(len(found) * params.real("neg_pos_ratio"))]
    return hits + sum(losses)


def _check(layer: Layer, params: Params) -> None:
    mining = params.choice("mining_type") == "MAX_NEGATIVE"
    if not params.flag("share_location"):
        raise layer.error("has share_location false, which the oracle does not know")
    if params.choice("conf_loss_type") == "LOGISTIC" and not mining:
        raise layer.error("has LOGISTIC without mining, whose targets SSD misplaces")
    if params.has("do_neg_mining") and params.flag("do_neg_mining") != mining:
        raise layer.error("has do_neg_mining that contradicts mining_type")


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Offsets, scores, priors with variances, true boxes (1, 1, boxes, 8); returns ()."""
    layer.expect(bottoms, 4)
    params = layer.params("multibox_loss_param")
    _check(layer, params)
    items = len(bottoms[0])
    offsets, scores = bottoms[0].reshape(items, -1, 4), bottoms[1].reshape(items, -1, params.integer("num_classes"))
    priors, variances = bottoms[2].reshape(2, -1, 4)
    rows = [row for row in bottoms[3].reshape(-1, 8) if params.flag("use_difficult_gt") or not row[7]]
    places = classes = 0.0
    matches = 0
    for item in range(items):
        own = [row for row in rows if int(row[0]) == item]
        true = np.array([row[3:7] for row in own]).reshape(-1, 4)
        factors = np.ones_like(variances) if params.flag("encode_variance_in_target") else variances
        moved = decode_boxes(params.choice("code_type"), priors, factors, offsets[item])
        found, best = _matches(params, priors if params.flag("use_prior_for_matching") else moved, true)
        matches += len(found)
        for i, j in found.items():
            places += _offset_loss(params, priors[i], variances[i], offsets[item, i], true[j])
        classes += _class_losses(params, scores[item], found, best, [int(row[1]) for row in own])
    flags = [word in ("true", "1") for word in layer.message.words("propagate_down")] or [True, True]
    total = params.real("loc_weight") * places * flags[0] + classes * flags[1]
    return [np.asarray(total / normalizer(layer, items, len(priors), matches, "VALID"))]
