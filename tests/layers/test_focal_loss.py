"""FocalLoss by hand from zimenglan-sysu-512/Focal-Loss's focal_loss_layer.cpp, whose code could not be run."""

import math

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

FOCAL = 'type: "FocalLoss" focal_loss_param'
SCORES, LABELS = np.log(np.array([[3.0, 1.0], [1.0, 4.0]])), np.array([0.0, 0])
"""Labels of probability 3/4 and 1/5."""


def test_what_is_classified_well_counts_less(build):
    loss, p = run(build, f"{FOCAL} {{ alpha: 0.5 gamma: 2 }}", SCORES, LABELS, tops=2)
    assert loss == pytest.approx(0.5 * (math.log(4 / 3) / 16 + 0.64 * math.log(5)) / 2)
    assert p == pytest.approx(np.array([[0.75, 0.25], [0.2, 0.8]]))


def test_ignored_labels_count_in_no_sum(build):
    (loss,) = run(
        build, f"{FOCAL} {{ alpha: 1 gamma: 1 }} loss_param {{ ignore_label: 1 }}", SCORES, np.array([1.0, 0])
    )
    assert loss == pytest.approx(0.8 * math.log(5))


def test_the_gradient_is_the_originals(build):
    """Of p = 1/5: grad = -2 · 0.8 · ln p · p + 0.64, times p - 1 and the other's p, over one item."""
    net = build(f'{FOCAL} {{ alpha: 1 }} bottom: "x" bottom: "t" top: "y"', {"x": (1, 2), "t": (1,)}).double()
    x = torch.tensor(SCORES[1:], requires_grad=True)
    net.blobs(x=x, t=torch.zeros(1, dtype=torch.float64))["y"].backward()
    grad = 2 * 0.8 * math.log(5) * 0.2 + 0.64
    np.testing.assert_allclose(x.grad.numpy(), [[-0.8 * grad, 0.8 * grad]])


def test_certain_and_impossible_labels_have_finite_gradients(build):
    body = f'{FOCAL} {{ alpha: 1 gamma: 0.5 }} bottom: "x" bottom: "t" top: "y"'
    net = build(body, {"x": (2, 2), "t": (2,)}).double()
    x = torch.tensor([[800.0, -800.0], [-800.0, 800.0]], dtype=torch.float64, requires_grad=True)
    net.blobs(x=x, t=torch.zeros(2, dtype=torch.float64))["y"].backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad[1].tolist() == pytest.approx([-0.5, 0.5])


@pytest.mark.parametrize(
    ("field", "words"),
    [("type: LINEAR", "expected one of ORIGIN"), ("alpha: 0", "alpha is 0"), ("gamma: -1", "gamma is -1")],
)
def test_other_forms_are_refused(build, field, words):
    with pytest.raises(UnsupportedParameterError, match=words):
        run(build, f"{FOCAL} {{ {field} }}", SCORES, LABELS)


def test_a_target_a_score_is_another_forks_layer(build):
    with pytest.raises(ShapeError, match="expected 2 labels"):
        run(build, 'type: "FocalLoss"', SCORES, normal(2, 2))
