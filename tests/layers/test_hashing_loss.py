"""HashingLoss by hand; leetonfreestyle/DMSH could not be run: values follow from hashing_loss_layer.cpp."""

import math

import numpy as np
import pytest
import torch

from converter.errors import ShapeError
from tests.layers.one_layer import run

BODY = 'type: "HashingLoss" hashing_loss_param { bi_margin: 0.5 tradeoff: 2 }'
CODES, LABELS = np.array([[2.0], [0.5], [-0.5]]), np.array([[1.0, 0], [1, 0], [0, 1]])


def test_pairs_and_the_pull_to_one(build):
    """Alike: 1.5² - 4 · 0.5 / e; apart: 2 - 2.5² is no cost, 2 - 1²; their mean, and 2 · (1 + 0.5 + 0.5) / 3."""
    (loss,) = run(build, BODY, CODES, LABELS)
    assert loss == pytest.approx((2.25 - 2 / math.e + 1) / 3 + 4 / 3)


def test_the_gradient_is_the_originals(build):
    """Of pairs over 3 · 2: alike 1.5 and -1.5, apart -1 and 1. Of the pull, 2 / 3 each: +, - (to 1), + (to -1)."""
    net = build(f'{BODY} bottom: "x" bottom: "l" top: "y"', {"x": (3, 1), "l": (3, 2)}).double()
    x = torch.tensor(CODES, requires_grad=True)
    net.blobs(x=x, l=torch.tensor(LABELS))["y"].sum().backward()
    assert x.grad.flatten().tolist() == pytest.approx([1.5 / 6 + 2 / 3, -2.5 / 6 - 2 / 3, 1 / 6 + 2 / 3])


def test_few_similar_pairs_draw_among_the_others(build):
    """One alike of 190 pairs, r = 1/190: others count by 9 r / (1 - r) = 1/21, nine of 189 on average."""
    torch.manual_seed(0)
    labels = np.eye(20)
    labels[1] = labels[0]
    codes = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None]
    body = 'type: "HashingLoss" hashing_loss_param { bi_margin: 0 tradeoff: 0 }'
    losses = {float(run(build, body, codes, labels)[0]) for _ in range(8)}
    # the alike pair costs 4, a pair apart 2 or 0: the mean of 1 + k costs differs from draw to draw
    assert len(losses) > 1
    assert all(0 < loss <= 4 for loss in losses)


def test_no_pair_that_counts_gives_nan_as_in_the_original(build):
    assert math.isnan(run(build, BODY, CODES[:1], LABELS[:1])[0])


def test_codes_of_planes_are_refused(build):
    with pytest.raises(ShapeError, match=r"expected \(n, c\) and \(n, l\)"):
        run(build, BODY, np.zeros((2, 3, 2, 1)), LABELS[:2])
