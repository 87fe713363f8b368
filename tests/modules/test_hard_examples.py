"""R-FCN's hard example mining by hand: smooth_l1_loss_ohem_layer.cu, softmax_loss_ohem_layer.cu, box_annotator_ohem."""

import math

import pytest
import torch

from converter.modules.hard_examples import BoxAnnotatorOHEM, SmoothL1LossOHEM, SoftmaxWithLossOHEM
from converter.modules.losses import L1Loss
from converter.modules.metric_losses import PixelAccuracy

X = torch.tensor([[3.0, 0.5], [-2.0, 0.0]], dtype=torch.float64)
ZERO = torch.zeros(2, 2, dtype=torch.float64)
"""smooth_l1: 3 - 1/2 = 2.5, 0.5²/2 = 0.125; 2 - 1/2 = 1.5, 0: by box 2.625 and 1.5, together 4.125."""


@pytest.mark.parametrize(
    ("normalization", "divisor"), [("full", 2), ("valid", 2), ("batch_size", 2), ("none", 1), ("pre_fixed", 4)]
)
def test_box_losses_have_their_divisor(normalization: str, divisor: int) -> None:
    assert SmoothL1LossOHEM(normalization, 4.0)(X, ZERO).item() == pytest.approx(4.125 / divisor)


def test_places_count_in_full_and_valid_but_not_in_batch_size() -> None:
    """One item of 1 channel at 2 × 2 places, all 2.0 away: 4 · 1.5 = 6, over 4 places or 1 item."""
    x = torch.full((1, 1, 2, 2), 2.0)
    losses = [SmoothL1LossOHEM(mode)(x, 0 * x).item() for mode in ("full", "valid", "batch_size")]
    assert losses == [1.5, 1.5, 6.0]


def test_a_divisor_below_one_is_one() -> None:
    assert SmoothL1LossOHEM("pre_fixed", 0.25)(X, ZERO).item() == pytest.approx(4.125)


def test_each_box_has_its_own_loss_without_a_gradient() -> None:
    x = X.clone().requires_grad_()
    loss, each = SmoothL1LossOHEM("none", per_box=True)(x, ZERO)
    assert each.flatten().tolist() == pytest.approx([2.625, 1.5])
    assert each.shape == (2, 1, 1, 1)
    assert (loss.requires_grad, each.requires_grad) == (True, False)


def test_the_gradient_lacks_the_factor_of_the_weights() -> None:
    """w = 0.5, x = (3, 0.5): d = (1.5, 0.25); loss 1 + 0.03125; R-FCN's gradient: f'(d) = (1, 0.25), not w f'(d)."""
    x = X[:1].clone().requires_grad_()
    target = ZERO[:1].clone().requires_grad_()
    loss = SmoothL1LossOHEM("none")(x, target, torch.full((1, 2), 0.5, dtype=torch.float64))
    loss.backward()
    assert loss.item() == pytest.approx(1.03125)
    assert x.grad is not None and x.grad.tolist() == [[1.0, 0.25]]
    assert target.grad is not None and target.grad.tolist() == [[-1.0, -0.25]]


def test_ignored_labels_lose_nothing_and_stay_out_of_the_divisor() -> None:
    """Three boxes of two classes all alike: ln 2 each; the second is ignored: 2 ln 2 / 2."""
    x = torch.zeros(3, 2, dtype=torch.float64)
    loss, chances, each = SoftmaxWithLossOHEM(ignore_label=-1, probabilities=True, per_box=True)(
        x, torch.tensor([0.0, -1.0, 1.0])
    )
    assert loss.item() == pytest.approx(math.log(2))
    assert chances.tolist() == [[0.5, 0.5]] * 3
    assert each.shape == (3, 1, 1, 1)
    assert each.flatten().tolist() == pytest.approx([math.log(2), 0, math.log(2)])


def test_a_fixed_divisor_of_classes() -> None:
    x = torch.zeros(3, 2, dtype=torch.float64)
    loss = SoftmaxWithLossOHEM(normalization="pre_fixed", pre_fixed_normalizer=128)(x, torch.zeros(3))
    assert loss.item() == pytest.approx(3 * math.log(2) / 128)


def test_the_hardest_boxes_of_each_image_are_chosen() -> None:
    """Image 0 has boxes 0, 2, 3 of losses 1, 5, 3: with two an image 2 and 3 stay; image 1 has only box 1."""
    rois = torch.tensor([[0.0, 0, 0, 9, 9], [1, 0, 0, 9, 9], [0, 1, 1, 5, 5], [0, 2, 2, 5, 5]])
    losses = torch.tensor([1.0, 0.0, 5.0, 3.0]).reshape(4, 1)
    weights = torch.arange(1.0, 9.0).reshape(4, 2)
    labels, kept = BoxAnnotatorOHEM(2)(rois, losses, torch.tensor([[7.0], [0], [8], [9]]), weights)
    assert labels.flatten().tolist() == [-1, 0, 8, 9]
    assert kept.reshape(4, 2).tolist() == [[0, 0], [3, 4], [5, 6], [7, 8]]


def test_l1_is_divided_by_the_items_and_has_signs_for_gradients() -> None:
    """|1 - 3| + |2 - 2| + |5 - 4| + |0 - 0| = 3, over 2 items; signs over 2: -1/2, 0, 1/2, 0."""
    a = torch.tensor([[1.0, 2.0], [5.0, 0.0]], requires_grad=True)
    loss = L1Loss()(a, torch.tensor([[3.0, 2.0], [4.0, 0.0]]))
    loss.backward()
    assert loss.item() == 1.5
    assert a.grad is not None and a.grad.tolist() == [[-0.5, 0.0], [0.5, 0.0]]


def test_of_equal_scores_the_later_class_is_the_better() -> None:
    """Two pixels with scores (1, 1, 0): the best class is 1, the second 0. Labels 0 and 1: one right; top 2: both."""
    x = torch.tensor([1.0, 1.0, 0.0]).reshape(1, 3, 1, 1).repeat(1, 1, 1, 2)
    labels = torch.tensor([0.0, 1.0]).reshape(1, 1, 1, 2)
    assert PixelAccuracy()(x, labels).item() == 0.5
    assert PixelAccuracy(top_k=2)(x, labels).item() == 1
    assert PixelAccuracy(ignore_label=0)(x, labels).item() == 1
    assert PixelAccuracy(use_label=0)(x, labels).item() == 0
