"""When a run counts as diverged."""

import math

import pytest

from converter.dilatednet.training.divergence import WINDOW, Divergence


@pytest.mark.parametrize("loss", [math.nan, math.inf])
@pytest.mark.parametrize("smoothed", [True, False])
def test_a_loss_that_is_no_number_ends_a_run_at_once(loss: float, smoothed: bool) -> None:
    assert "finite" in Divergence(21, smoothed).reason(loss)


def test_single_high_losses_of_two_classes_do_not_end_a_run() -> None:
    watch = Divergence(2)
    losses = [8.0 if index % 2 else 1.0 for index in range(4 * WINDOW)]  # 10 ln 2 = 6.93; their mean is 4.5
    assert not any(map(watch.reason, losses))


def test_a_loss_that_stays_high_ends_a_run_unless_told_otherwise() -> None:
    watch, patient = Divergence(2), Divergence(2, smoothed=False)
    said = [watch.reason(7.0) for _ in range(WINDOW)]
    assert not any(said[:-1])
    assert "expected below 6.9" in said[-1]
    assert not any(patient.reason(7.0) for _ in range(2 * WINDOW))
