"""SigmoidCrossEntropyBalanceLoss by hand, from OSVOS' sigmoid_cross_entropy_balance_loss_layer.cpp."""

import math

import numpy as np
import pytest
import torch

from converter.errors import ShapeError
from tests.layers.one_layer import run

BODY = 'type: "SigmoidCrossEntropyBalanceLoss"'


def test_each_label_weighs_as_the_other_is_frequent(build):
    """Scores 0 cost log 2 each: one edge at 3/4 and three others at 1/4; in the second item 1/2 · 1 and 1/2 · 1."""
    target = np.array([[1.0, 0, 0, 0], [1, 0, 2, 2]])
    (loss,) = run(build, BODY, np.zeros((2, 4)), target)
    assert loss == pytest.approx((3 / 4 + 3 / 4 + 1 / 2 + 1 / 2) * math.log(2) / 2)


def test_the_gradient_of_other_targets_is_not_weighted(build):
    """Sigmoids 1/2: of the edge -1/2 · 1/2, of the other 1/2 · 1/2, of the target 2 the whole 1/2 - 2."""
    net = build(f'{BODY} bottom: "x" bottom: "t" top: "y"', {"x": (1, 3), "t": (1, 3)}).double()
    x = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    net.blobs(x=x, t=torch.tensor([[1.0, 0, 2]], dtype=torch.float64))["y"].backward()
    assert x.grad.tolist() == [[-0.25, 0.25, -1.5]]


def test_targets_of_another_number_are_refused(build):
    with pytest.raises(ShapeError, match="expected one a score"):
        run(build, BODY, np.zeros((2, 4)), np.zeros((2, 3)))
