"""Caffe's update rules against hand arithmetic and torch's own optimizers."""

import math

import pytest
import torch

from converter.errors import TrainingError
from converter.solver.optimizers import SGD, SOLVERS, AdaDelta, AdaGrad, Adam, Nesterov, RMSProp


def single(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64).requires_grad_()


def give(weight: torch.Tensor, gradient: float) -> None:
    weight.grad = torch.full_like(weight, gradient)


def test_a_new_rate_leaves_the_old_momentum_as_it_was() -> None:
    """Gradients 1 to 10, rate 0.1 for five steps, then 0.01: the rate is inside the velocity."""
    weight = single(0.0)
    optimizer = SGD([weight], 0.1, momentum=0.9)
    velocity = expected = 0.0
    for step in range(1, 11):
        rate = 0.1 if step <= 5 else 0.01
        velocity = 0.9 * velocity + rate * step
        expected -= velocity
        give(weight, step)
        optimizer.set_rate(rate)
        optimizer.step()
    assert weight.item() == pytest.approx(expected, rel=1e-12)
    assert weight.item() == pytest.approx(-8.9889223519, abs=1e-9)


def test_a_constant_rate_equals_torchs_sgd_and_nesterov() -> None:
    torch.manual_seed(0)
    gradients = torch.randn(10, 5, dtype=torch.float64)
    for ours, nesterov in ((SGD, False), (Nesterov, True)):
        mine, plain = (torch.ones(5, dtype=torch.float64).requires_grad_() for _ in range(2))
        caffe = ours([mine], 0.05, momentum=0.9, weight_decay=0.01)
        theirs = torch.optim.SGD([plain], 0.05, momentum=0.9, weight_decay=0.01, nesterov=nesterov)
        for gradient in gradients:
            mine.grad, plain.grad = gradient.clone(), gradient.clone()
            caffe.step()
            theirs.step()
        torch.testing.assert_close(mine, plain, rtol=1e-12, atol=0)


def test_adagrad_divides_by_the_root_of_all_squares() -> None:
    weight = single(1.0)
    optimizer = AdaGrad([weight], 0.5, delta=0.1)
    for gradient in (3.0, 4.0):
        give(weight, gradient)
        optimizer.step()
    assert weight.item() == pytest.approx(1 - 0.5 * 3 / (3 + 0.1) - 0.5 * 4 / (5 + 0.1), rel=1e-12)


def test_rmsprop_forgets_at_rms_decay() -> None:
    weight = single(1.0)
    optimizer = RMSProp([weight], 0.5, rms_decay=0.75, delta=0.1)
    for gradient in (2.0, 1.0):
        give(weight, gradient)
        optimizer.step()
    second = math.sqrt(0.75 * 1 + 0.25 * 1)
    assert weight.item() == pytest.approx(1 - 0.5 * 2 / (1 + 0.1) - 0.5 * 1 / (second + 0.1), rel=1e-12)


def test_adadelta_scales_by_its_own_updates() -> None:
    weight = single(1.0)
    optimizer = AdaDelta([weight], 2.0, momentum=0.5, delta=0.25)
    squares = updates = 0.0
    expected = 1.0
    for gradient in (1.0, 3.0):
        squares = 0.5 * squares + 0.5 * gradient**2
        update = gradient * math.sqrt((updates + 0.25) / (squares + 0.25))
        updates = 0.5 * updates + 0.5 * update**2
        expected -= 2.0 * update
        give(weight, gradient)
        optimizer.step()
    assert weight.item() == pytest.approx(expected, rel=1e-12)


def test_adam_adds_delta_to_the_uncorrected_root() -> None:
    weight = single(1.0)
    optimizer = Adam([weight], 0.1, momentum=0.5, momentum2=0.75, delta=0.5)
    give(weight, 2.0)
    optimizer.step()
    first = 1 - 0.1 * math.sqrt(0.25) / 0.5 * 1.0 / (1.0 + 0.5)
    assert weight.item() == pytest.approx(first, rel=1e-12)
    give(weight, 1.0)
    optimizer.step()
    correction = math.sqrt(1 - 0.75**2) / (1 - 0.5**2)
    moment, square = 0.5 * 1.0 + 0.5 * 1.0, 0.75 * 1.0 + 0.25 * 1.0
    assert weight.item() == pytest.approx(first - 0.1 * correction * moment / (math.sqrt(square) + 0.5), rel=1e-12)


def test_l1_decay_adds_the_sign() -> None:
    weight = torch.tensor([2.0, -3.0, 0.0], dtype=torch.float64).requires_grad_()
    optimizer = SGD([weight], 0.5, weight_decay=0.1, regularization="L1")
    weight.grad = torch.zeros_like(weight)
    optimizer.step()
    assert weight.tolist() == pytest.approx([1.95, -2.95, 0.0])


def test_clipping_looks_at_all_gradients_before_division_and_decay() -> None:
    one, other = single(1.0), single(1.0)
    groups = [{"params": [one]}, {"params": [other], "decay_mult": 0.0}]
    optimizer = SGD(groups, 1.0, weight_decay=0.1, clip_gradients=2.5, iter_size=2)
    give(one, 3.0)
    give(other, 4.0)
    optimizer.step()
    # the norm is 5, so gradients halve; then each is divided by 2; decay joins the first alone
    assert one.item() == pytest.approx(1 - (3 / 2 / 2 + 0.1), rel=1e-12)
    assert other.item() == pytest.approx(1 - 4 / 2 / 2, rel=1e-12)


def test_gradients_below_the_clip_stay() -> None:
    weight = single(0.0)
    optimizer = SGD([weight], 1.0, clip_gradients=2.5)
    give(weight, -2.0)
    optimizer.step()
    assert weight.item() == 2.0


def test_multipliers_scale_rate_and_decay_of_their_group() -> None:
    weight, bias = single(1.0), single(1.0)
    groups = [{"params": [weight]}, {"params": [bias], "lr_mult": 2.0, "decay_mult": 0.0}]
    optimizer = SGD(groups, 0.1, weight_decay=0.5)
    give(weight, 1.0)
    give(bias, 1.0)
    optimizer.step()
    assert weight.item() == pytest.approx(1 - 0.1 * 1.5, rel=1e-12)
    assert bias.item() == pytest.approx(1 - 0.2, rel=1e-12)


def test_a_parameter_without_gradient_coasts_on_its_velocity() -> None:
    weight = single(1.0)
    optimizer = SGD([weight], 0.1, momentum=0.5)
    give(weight, 1.0)
    optimizer.step()
    weight.grad = None
    optimizer.step()
    assert weight.item() == pytest.approx(1 - 0.1 - 0.05, rel=1e-12)


@pytest.mark.parametrize("kind", sorted(SOLVERS))
def test_gradients_are_left_as_they_are(kind: str) -> None:
    weight = single(1.0)
    optimizer = SOLVERS[kind]([weight], 0.1, weight_decay=0.5, clip_gradients=0.25, iter_size=4)
    give(weight, 3.0)
    optimizer.step()
    assert weight.grad is not None
    assert weight.grad.item() == 3.0


@pytest.mark.parametrize("kind", sorted(SOLVERS))
def test_a_state_dict_restores_the_run(kind: str) -> None:
    torch.manual_seed(1)
    gradients = torch.randn(6, 4)
    whole, broken = (torch.ones(4).requires_grad_() for _ in range(2))
    first = SOLVERS[kind]([whole], 0.1)
    second = SOLVERS[kind]([broken], 0.1)
    for index, gradient in enumerate(gradients):
        if index == 3:
            saved = second.state_dict()
            second = SOLVERS[kind]([broken], 0.7)
            second.load_state_dict(saved)
        for weight, optimizer in ((whole, first), (broken, second)):
            weight.grad = gradient.clone()
            optimizer.step()
    assert torch.equal(whole, broken)


def test_a_closure_computes_the_loss_first() -> None:
    weight = single(3.0)
    optimizer = SGD([weight], 0.1)

    def closure() -> float:
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return float(loss.detach())

    assert optimizer.step(closure) == 9.0
    assert weight.item() == pytest.approx(3 - 0.6, rel=1e-12)


@pytest.mark.parametrize(("numbers", "words"), [({"regularization": "L3"}, "L1, L2"), ({"iter_size": 0}, "1 or more")])
def test_impossible_settings_are_refused(numbers: dict[str, object], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        SGD([single(1.0)], 0.1, **numbers)
