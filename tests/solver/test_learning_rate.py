"""The seven rate policies against hand arithmetic."""

import math

import pytest

from converter.errors import TrainingError
from converter.solver.learning_rate import LearningRatePolicy


def rates(policy: LearningRatePolicy, count: int) -> list[float]:
    step, out = 0, []
    for iteration in range(count):
        rate, step = policy.rate(iteration, step)
        out.append(rate)
    return out


def test_a_fixed_rate_stays() -> None:
    assert rates(LearningRatePolicy("fixed", 0.25), 3) == [0.25, 0.25, 0.25]


def test_step_divides_every_stepsize_iterations() -> None:
    policy = LearningRatePolicy("step", 1.0, gamma=0.1, stepsize=3)
    assert rates(policy, 7) == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01], rel=1e-12)


def test_multistep_drops_at_its_stepvalues() -> None:
    policy = LearningRatePolicy("multistep", 1.0, gamma=0.1, stepvalues=(2, 4))
    assert rates(policy, 5) == pytest.approx([1, 1, 0.1, 0.1, 0.01], rel=1e-12)


def test_multistep_takes_at_most_one_step_an_iteration() -> None:
    policy = LearningRatePolicy("multistep", 1.0, gamma=0.1, stepvalues=(2, 2))
    assert rates(policy, 4) == pytest.approx([1, 1, 0.1, 0.01], rel=1e-12)


def test_multistep_goes_on_from_a_saved_step() -> None:
    policy = LearningRatePolicy("multistep", 1.0, gamma=0.5, stepvalues=(3, 7))
    assert policy.rate(5, current_step=1) == (0.5, 1)
    assert policy.rate(8, current_step=1) == (0.25, 2)


def test_exp_multiplies_every_iteration() -> None:
    assert rates(LearningRatePolicy("exp", 2.0, gamma=0.5), 4) == [2.0, 1.0, 0.5, 0.25]


def test_inv_falls_with_a_power_of_the_iteration() -> None:
    assert rates(LearningRatePolicy("inv", 1.0, gamma=1.0, power=1.0), 3) == pytest.approx([1, 1 / 2, 1 / 3], rel=1e-12)
    assert LearningRatePolicy("inv", 1.0, gamma=0.1, power=0.75).rate(10)[0] == pytest.approx(2**-0.75, rel=1e-12)


def test_poly_reaches_zero_at_max_iter_and_stays() -> None:
    policy = LearningRatePolicy("poly", 1.0, power=1.0, max_iter=4)
    assert rates(policy, 6) == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


def test_sigmoid_is_half_the_base_at_its_stepsize() -> None:
    policy = LearningRatePolicy("sigmoid", 1.0, gamma=-0.5, stepsize=5)
    assert policy.rate(5)[0] == 0.5
    assert policy.rate(1)[0] == pytest.approx(1 / (1 + math.exp(-2.0)), rel=1e-12)
    assert policy.rate(9)[0] == pytest.approx(1 / (1 + math.exp(2.0)), rel=1e-12)


def test_sigmoid_far_from_its_middle_does_not_overflow() -> None:
    policy = LearningRatePolicy("sigmoid", 1.0, gamma=-10.0, stepsize=1000)
    assert policy.rate(0)[0] == 1.0
    assert policy.rate(10_000)[0] == 0.0


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"policy": "cosine", "base_lr": 1.0}, "lr_policy"),
        ({"policy": "exp", "base_lr": 1.0, "gamma": -0.1}, "gamma"),
        ({"policy": "multistep", "base_lr": 1.0, "gamma": -1.0}, "gamma"),
        ({"policy": "step", "base_lr": 1.0, "gamma": 0.1}, "stepsize"),
        ({"policy": "sigmoid", "base_lr": 1.0, "gamma": 0.1, "stepsize": -3}, "stepsize"),
        ({"policy": "poly", "base_lr": 1.0, "power": 1.0}, "max_iter"),
        ({"policy": "fixed", "base_lr": float("nan")}, "base_lr"),
    ],
)
def test_numbers_a_policy_cannot_use_are_refused(numbers: dict[str, object], field: str) -> None:
    with pytest.raises(TrainingError) as caught:
        LearningRatePolicy(**numbers)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert "choose" in str(caught.value) or "set " in str(caught.value)


def test_multistep_begins_before_its_first_value() -> None:
    """Without a saved step none is past, so that one is taken at most: 0.5 at iteration 9, not 0.25."""
    policy = LearningRatePolicy("multistep", 1.0, gamma=0.5, stepvalues=(3, 7))
    assert policy.rate(2) == (1.0, 0)
    assert policy.rate(9) == (0.5, 1)


def test_what_is_not_stated_is_0_as_in_protobuf() -> None:
    """gamma 0 leaves nothing after the first step; power 0 leaves all: any number to the power of 0 is 1."""
    assert LearningRatePolicy("step", 1.0, stepsize=2).rate(1)[0] == 1
    assert LearningRatePolicy("step", 1.0, stepsize=2).rate(2)[0] == 0
    assert LearningRatePolicy("poly", 3.0, max_iter=4).rate(1)[0] == 3
    assert LearningRatePolicy("inv", 3.0, gamma=1.0).rate(7)[0] == 3


@pytest.mark.parametrize(("x", "wanted"), [(0, 0.5), (-1, 1 / (1 + math.e)), (1, math.e / (1 + math.e))])
def test_a_sigmoid_around_its_middle(x: float, wanted: float) -> None:
    assert LearningRatePolicy("sigmoid", 1.0, gamma=1.0, stepsize=5).rate(5 + x)[0] == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize("policy", ["step", "exp", "inv", "multistep"])
def test_a_factor_of_0_is_allowed(policy: str) -> None:
    assert LearningRatePolicy(policy, 0.0, gamma=0.0, stepsize=1).rate(0)[0] == 0


def test_the_smallest_sizes_that_a_policy_takes_are_1() -> None:
    assert LearningRatePolicy("step", 1.0, gamma=0.5, stepsize=1).rate(3)[0] == 0.125
    assert LearningRatePolicy("poly", 1.0, power=1.0, max_iter=1).rate(0)[0] == 1
    for policy in ("step", "poly"):
        with pytest.raises(TrainingError, match=r"cannot use \w+ 0; expected more than 0"):
            LearningRatePolicy(policy, 1.0)
