"""Dice losses by hand, from dice_coef_loss_layer.cpp and dice_loss_layer.cpp of their repositories."""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError
from tests.layers.one_layer import run

A, B = np.array([[1.0, 2], [0, 1]]), np.array([[2.0, 1], [1, 1]])


def test_the_coefficient_of_each_item(build):
    """(2 · 4 + 1) / (5 + 5 + 1) and (2 · 1 + 1) / (1 + 2 + 1)."""
    (loss,) = run(build, 'type: "DiceCoefLoss"', A, B)
    assert loss == pytest.approx(1 - (9 / 11 + 3 / 4) / 2)


def test_the_gradient_is_that_of_the_sum(build):
    """-(2 b - 2 share a) / denominator: of the first item shares 9/11, denominator 11."""
    net = build('type: "DiceCoefLoss" bottom: "a" bottom: "b" top: "y"', {"a": (2, 2), "b": (2, 2)}).double()
    a = torch.tensor(A, requires_grad=True)
    net.blobs(a=a, b=torch.tensor(B))["y"].backward()
    assert a.grad[0].tolist() == pytest.approx([-(4 - 2 * 9 / 11) / 11, -(2 - 4 * 9 / 11) / 11])
    assert a.grad[1].tolist() == pytest.approx([-2 / 4, -(2 - 2 * 3 / 4) / 4])


def test_dice_of_sigmoids(build):
    """Sigmoids 1/2 each, targets 1 and 0: 1 - (1 + e) / (2 + e)."""
    (loss,) = run(build, 'type: "DiceLoss"', np.zeros((1, 2)), np.array([[1.0, 0]]))
    assert loss == pytest.approx(1 - (1 + 1e-6) / (2 + 1e-6), abs=1e-12)


@pytest.mark.parametrize("kind", ["DiceLoss", "DiceCoefLoss"])
def test_bottoms_of_other_sizes_are_refused(build, kind):
    with pytest.raises(ShapeError, match="expected as many items, and as many values in each"):
        run(build, f'type: "{kind}"', A, B[:, :1])
