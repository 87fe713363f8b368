"""Small layers of forks by hand arithmetic from their sources' formulas: SeLu, Mish, margins, pixel losses."""

import math

import numpy as np
import pytest
import torch

from converter.errors import UnsupportedParameterError
from tests.layers.one_layer import normal, run


@pytest.mark.parametrize("kind", ["SeLu", "SeLU"])
def test_selu_by_hand(build, kind):
    (y,) = run(build, f'type: "{kind}"', np.array([[2.0, -1]]))
    assert y.ravel() == pytest.approx([2.101401974, 1.050700987 * 1.67326324 * (math.exp(-1) - 1)], rel=1e-6)
    (y,) = run(build, f'type: "{kind}" selu_param {{ lambda: 2 alpha: 0.5 }}', np.array([[3.0, -1]]))
    assert y.ravel() == pytest.approx([6, math.exp(-1) - 1])


def test_hard_sigmoid_by_hand(build):
    """A fifth of x and a half, between 0 and 1; where a fork has fields, as they say."""
    x = np.array([[-3.0, -1, 0, 2, 3]])
    assert run(build, 'type: "HardSigmoid"', x)[0].ravel() == pytest.approx([0, 0.3, 0.5, 0.9, 1])
    for message in ("hardsigmoid_param", "hard_sigmoid_param"):
        (y,) = run(build, f'type: "HardSigmoid" {message} {{ alpha: 0.5 beta: 0.25 }}', x)
        assert y.tolist() == [[0, 0, 0.25, 1, 1]]


def test_selu_dropout_passes_in_test_and_keeps_mean_and_variance_in_training(build):
    x = normal(200, 200)
    (y,) = run(build, 'type: "SeLuDropout"', x)
    assert np.array_equal(y, x)
    net = build(
        'type: "SeLuDropout" bottom: "x" top: "y" selu_dropout_param { dropout_ratio: 0.25 }', {"x": (200, 200)}
    )
    torch.manual_seed(3)
    y = net.train().double().blobs(x=torch.from_numpy(x))["y"].numpy()
    assert (y.mean(), y.var()) == pytest.approx((0, 1), abs=0.03)
    values, counts = np.unique(y, return_counts=True)
    assert counts.max() / y.size == pytest.approx(0.25, abs=0.01)
    a = (0.75 * (1 + 1.75809934**2 * 0.25)) ** -0.5
    assert values[counts.argmax()] == pytest.approx(-a * 1.75809934 + a * 0.25 * 1.75809934, rel=1e-6)


@pytest.mark.parametrize(("field", "words"), [("alpha: -1", "limit of SeLu"), ("dropout_ratio: 1", "0 < ratio < 1")])
def test_selu_dropouts_that_torch_does_not_know_are_refused(build, field, words):
    with pytest.raises(UnsupportedParameterError, match=words):
        run(build, f'type: "SeLuDropout" selu_dropout_param {{ {field} }}', normal(1, 2))


def test_mish_by_hand(build):
    """At 0 it is 0; far above x; at 1 tanh(log(1 + e)) = ((1 + e)² - 1) / ((1 + e)² + 1)."""
    (y,) = run(build, 'type: "Mish"', np.array([[0.0, 1, 60]]))
    square = (1 + math.e) ** 2
    assert y.ravel() == pytest.approx([0, (square - 1) / (square + 1), 60])


def test_a_margin_is_taken_from_the_label_in_training_unless_it_would_change_its_sign(build):
    x, labels = np.array([[0.9, 0.2], [0.3, 0.8]]), np.array([0.0, 0])
    body = 'type: "LabelSpecificAdd" label_specific_add_param { bias: -0.35 }'
    (y,) = run(build, body, x, labels, phase="train")
    assert np.allclose(y, [[0.55, 0.2], [0.3, 0.8]])
    assert np.array_equal(run(build, body, x, labels)[0], x)


def test_the_cross_entropy_of_pixels_is_over_pixels_not_values(build):
    """Six values at 0 lose ln 2 each, over one item of 1 x 2 pixels."""
    body = 'type: "NormalizedSigmoidCrossEntropyLoss"'
    x, t = np.zeros((1, 3, 1, 2)), np.ones((1, 3, 1, 2))
    assert run(build, body, x, t)[0] == pytest.approx(6 * math.log(2) / 2)
    t[0, 0] = 7
    assert run(build, f"{body} loss_param {{ ignore_label: 7 }}", x, t)[0] == pytest.approx(4 * math.log(2) / 2)
    assert run(build, body, x, np.ones((1, 6)), np.array([[2.0, 0, 1]]))[0] == pytest.approx(6 * math.log(2))
    with pytest.raises(UnsupportedParameterError, match="weights tell what counts"):
        run(build, f"{body} loss_param {{ ignore_label: 7 }}", x, t, np.ones((1, 3)))
