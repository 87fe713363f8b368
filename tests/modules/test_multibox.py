"""SSD's training loss by hand (multibox_loss_layer.cpp, bbox_util.cpp)."""

import math

import pytest
import torch

from converter.modules.boxes import decode_boxes
from converter.modules.multibox import MultiBoxLoss, encode_boxes

LN2 = math.log(2)
PRIORS = torch.tensor([[0.0, 0.0, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9], [0.0, 0.5, 0.4, 0.9], [0.6, 0.0, 1.0, 0.4]])
BOX = [0.0, 0.0, 0.4, 0.2]
"""It covers half of the first prior (overlap 0.08 / 0.16 = 1/2) and touches no other."""


def loss(offsets=None, scores=None, boxes=(BOX,), **options):
    """One image with these true boxes of class 1, two classes, four priors, variances 0.1."""
    priors = torch.stack([PRIORS.flatten(), torch.full((16,), 0.1)])[None]
    rows = torch.tensor([[0.0, 1, 0, *box, 0] for box in boxes]).reshape(1, 1, -1, 8)
    offsets = torch.zeros(1, 16) if offsets is None else offsets
    scores = torch.zeros(1, 8) if scores is None else scores
    return MultiBoxLoss(2, **options)(offsets, scores, priors, rows)


def test_classes_by_hand():
    """1 match, 3 negatives for it, all scores alike: 4 ln 2, over 1 match; offsets weigh 0."""
    assert loss(loc_weight=0).item() == pytest.approx(4 * LN2)
    assert loss(loc_weight=0, neg_pos_ratio=2.0).item() == pytest.approx(3 * LN2)
    assert loss(loc_weight=0, neg_pos_ratio=0.9).item() == pytest.approx(LN2)


@pytest.mark.parametrize(("normalization", "divisor"), [("valid", 1), ("full", 4), ("batch_size", 1), ("none", 1)])
def test_divisors(normalization, divisor):
    assert loss(loc_weight=0, normalization=normalization).item() == pytest.approx(4 * LN2 / divisor)


def test_corners_by_hand():
    """Target (0, 0, 0, -0.2) / 0.1 = (0, 0, 0, -2): smooth L1 of 2 is 1.5, L2 is 4 / 2 = 2; classes out."""
    assert loss(losses=(True, False)).item() == pytest.approx(1.5)
    assert loss(losses=(True, False), loc_loss="l2").item() == pytest.approx(2)
    right = torch.zeros(1, 16)
    right[0, 3] = -2
    assert loss(right, losses=(True, False)).item() == pytest.approx(0, abs=1e-6)


def test_center_and_size_by_hand():
    """Center (0.2, 0.1) from (0.2, 0.2): -0.1 / 0.4 / 0.1 = -2.5; height 0.2 of 0.4: ln(1/2) / 0.1 = -6.931."""
    wanted = (2.5 - 0.5) + (10 * LN2 - 0.5)
    assert loss(losses=(True, False), code="CENTER_SIZE").item() == pytest.approx(wanted, rel=1e-5)
    assert loss(losses=(True, False), code="CENTER_SIZE", variance_in_target=True).item() == pytest.approx(
        wanted, rel=1e-5
    )


def test_hard_negatives_are_those_that_lose_most():
    """Scores (0, s) of priors 1 to 3 with s = 1, 3, 2 for the object: the one negative is prior 2, ln(1 + e^3)."""
    scores = torch.tensor([[0.0, 0, 0, 1, 0, 3, 0, 2]])
    wanted = LN2 + math.log(1 + math.exp(3))
    assert loss(scores=scores, loc_weight=0, neg_pos_ratio=1.0).item() == pytest.approx(wanted)


def test_a_prior_that_overlaps_too_much_is_no_negative():
    """Two boxes, bipartite: both overlap prior 0 by 1/2; one takes it, none other is matched or near: 1 + 3 rows."""
    lower = [0.0, 0.2, 0.4, 0.4]
    assert loss(boxes=(BOX, lower), loc_weight=0, per_prediction=False).item() == pytest.approx(4 * LN2)
    near = [0.5, 0.5, 0.9, 0.75]  # overlaps prior 1 by 0.25 / 0.4 = 0.625
    least = loss(boxes=(near, [0.5, 0.65, 0.9, 0.9]), loc_weight=0, per_prediction=False, neg_overlap=0.1)
    assert least.item() == pytest.approx(4 * LN2)


def test_logistic_by_hand():
    """Each row's two scores 0 lose ln 2 each: (1 + 3) rows of 2 ln 2."""
    assert loss(loc_weight=0, conf_loss="logistic").item() == pytest.approx(8 * LN2)


def test_images_without_boxes_lose_nothing_unless_all_priors_count():
    none = ([0.0] * 4,)
    rows = loss(boxes=none[:0], loc_weight=0)
    assert rows.item() == 0
    assert loss(boxes=none[:0], mining=False).item() == pytest.approx(4 * LN2)


def test_gradients_reach_matches_and_negatives_only():
    offsets = torch.zeros(1, 16, requires_grad=True)
    scores = torch.zeros(1, 8, requires_grad=True)
    loss(offsets, scores, neg_pos_ratio=1.0).backward()
    assert offsets.grad is not None and offsets.grad.nonzero().tolist() == [[0, 3]]
    assert scores.grad is not None and scores.grad.tolist() == [[0.5, -0.5, -0.5, 0.5, 0, 0, 0, 0]]


@pytest.mark.parametrize("code", ["CORNER", "CORNER_SIZE", "CENTER_SIZE"])
def test_encoding_is_the_inverse_of_decoding(code):
    boxes = torch.tensor([BOX, [0.5, 0.55, 0.8, 0.9], [0.1, 0.5, 0.4, 0.8], [0.6, 0.1, 0.9, 0.4]])
    torch.testing.assert_close(decode_boxes(code, PRIORS, encode_boxes(code, PRIORS, boxes)), boxes)
