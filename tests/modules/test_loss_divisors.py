"""What Caffe's losses are divided by, by hand (softmax_loss_layer.cpp, get_normalizer), and their limits."""

import math

import pytest
import torch

from converter.modules.losses import (
    EuclideanLoss,
    HingeLoss,
    InfogainLoss,
    MultinomialLogisticLoss,
    NormalizedLoss,
    SigmoidCrossEntropyLoss,
    SoftmaxWithLoss,
)

LN2 = math.log(2)
EVEN = torch.zeros(2, 2, 3).double()
"""2 items of 2 classes at 3 positions, all classes alike: each position that counts loses ln 2."""


def loss(normalization: str, labels: list[int]) -> float:
    module = SoftmaxWithLoss(1, normalization, ignore_label=9)
    return module(EVEN, torch.tensor(labels).double()).item()


@pytest.mark.parametrize(("normalization", "divisor"), [("full", 6), ("valid", 4), ("batch_size", 2), ("none", 1)])
def test_each_normalization_has_its_divisor(normalization: str, divisor: int) -> None:
    """4 of the 6 positions count."""
    assert loss(normalization, [0, 1, 9, 1, 9, 0]) == pytest.approx(4 * LN2 / divisor)


@pytest.mark.parametrize("normalization", ["full", "valid", "batch_size", "none"])
def test_where_no_position_counts_the_loss_is_0_and_not_nan(normalization: str) -> None:
    """Caffe: max(Dtype(1.0), normalizer)."""
    assert loss(normalization, [9] * 6) == 0


def test_a_single_valid_position_is_divided_by_1() -> None:
    assert loss("valid", [9, 9, 9, 9, 1, 9]) == pytest.approx(LN2)


@pytest.mark.parametrize(("normalization", "divisor"), [("full", 1), ("batch_size", 1), ("none", 1), ("valid", 1)])
def test_an_empty_batch_is_divided_by_1(normalization: str, divisor: int) -> None:
    module = NormalizedLoss(normalization)
    assert float(module.divisor(0, 0, torch.zeros(0, dtype=torch.bool))) == divisor


@pytest.mark.parametrize(("outer", "inner", "valid"), [(3, 5, 15), (2, 1, 2)])
def test_full_counts_every_position(outer: int, inner: int, valid: int) -> None:
    counts = torch.ones(valid, dtype=torch.bool)
    assert NormalizedLoss("full").divisor(outer, inner, counts) == outer * inner
    assert NormalizedLoss("batch_size").divisor(outer, inner, counts) == outer


def test_the_gradient_is_divided_too_and_ignored_positions_have_none() -> None:
    """softmax - one-hot is ∓1/2, over 1 valid position; elsewhere 0."""
    x = torch.zeros(1, 2, 2).double().requires_grad_()
    SoftmaxWithLoss(ignore_label=9)(x, torch.tensor([1.0, 9.0])).backward()
    assert x.grad.tolist() == [[[0.5, 0], [-0.5, 0]]]


def test_a_vanishing_probability_loses_no_more_than_that_of_flt_min() -> None:
    """-log(1.17549435e-38) = 126 ln 2; infogain's limit is 1e-20."""
    x = torch.tensor([[0.0, 200.0]]).double()
    assert SoftmaxWithLoss()(x, torch.zeros(1)).item() == pytest.approx(126 * LN2, rel=1e-7)
    assert InfogainLoss(matrix=torch.eye(2))(x, torch.zeros(1)).item() == pytest.approx(20 * math.log(10))


def test_labels_beyond_the_classes_are_refused_and_ignored_ones_are_not() -> None:
    with pytest.raises(IndexError, match="label"):
        SoftmaxWithLoss()(EVEN, torch.full((6,), 2.0))
    assert loss("none", [1, 0, 0, 0, 0, 9]) == pytest.approx(5 * LN2)


def test_sigmoid_cross_entropy_divides_by_the_items_unless_stated() -> None:
    """6 values at x = 0 lose ln 2 each; VALID leaves out the 2 with target -1, FULL divides by all 6."""
    x = torch.zeros(2, 3).double()
    target = torch.tensor([[1.0, 0.0, -1.0], [1.0, 1.0, -1.0]]).double()
    assert SigmoidCrossEntropyLoss()(x, target.abs()).item() == pytest.approx(6 * LN2 / 2)
    assert SigmoidCrossEntropyLoss("valid", -1)(x, target).item() == pytest.approx(LN2)
    assert SigmoidCrossEntropyLoss("full", -1)(x, target).item() == pytest.approx(4 * LN2 / 6)
    assert SigmoidCrossEntropyLoss("valid", -1)(x, torch.full((2, 3), -1.0)).item() == 0


def test_euclidean_and_hinge_and_logistic_divide_by_the_items() -> None:
    """(1 + 4 + 9 + 16) / (2 · 2); hinge of 0: each of 3 classes loses 1, squared the same; -ln 1/4 at 2 items of 2."""
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert EuclideanLoss()(a, torch.zeros(4)).item() == 7.5
    scores = torch.tensor([[0.0, 2.0, -2.0]])  # label 0: 1 - 0, 1 + 2, max(0, 1 - 2)
    assert HingeLoss()(scores, torch.zeros(1)).item() == 4
    assert HingeLoss(2)(scores.repeat(2, 1), torch.zeros(2)).item() == 10
    chances = torch.full((2, 4), 0.25)
    assert MultinomialLogisticLoss()(chances, torch.tensor([3.0, 0.0])).item() == pytest.approx(2 * LN2)


def test_the_logistic_loss_holds_what_is_no_probability_and_lets_the_gradient_pass() -> None:
    """ln 1e-20 is -46.0517; the gradient is that of 1e-20, -1e20."""
    chances = torch.tensor([[-0.5, 1.0]], requires_grad=True)
    loss = MultinomialLogisticLoss()(chances, torch.zeros(1))
    assert loss.item() == pytest.approx(46.0517)
    loss.backward()
    assert chances.grad is not None and chances.grad[0].tolist() == pytest.approx([-1e20, 0])
