"""What a batch in training leaves in Caffe's batch norms, by hand (batch_norm_layer.cpp, bn_layer.cpp)."""

import numpy as np
import pytest
import torch

from converter.modules.normalization import BatchStatisticsNorm2d, CaffeBatchNorm2d, ScaledBatchNorm2d

BATCH = torch.tensor([[0.0, 2.0], [4.0, 6.0]]).double()
"""2 items of 2 channels. Means 2 and 4; deviations ±2: biased variances 4, unbiased ones 8 / (2 - 1) = 8."""


def batch_norm(**options) -> CaffeBatchNorm2d:
    return CaffeBatchNorm2d(2, **options).double().train()


def sums(module: CaffeBatchNorm2d) -> list[list[float]]:
    """The three blobs as Caffe stores them: undivided."""
    s = module.scale_factor
    return [(module.running_mean * s).tolist(), (module.running_var * s).tolist(), s.tolist()]


def test_the_first_batch_from_factor_0_is_the_statistics() -> None:
    """blob ← f · 0 + batch's, s ← f · 0 + 1: what was in the sums counts nothing, the variance is times m/(m - 1)."""
    module = batch_norm(moving_average_fraction=0.75)
    assert module.scale_factor.tolist() == [0]
    module(BATCH)
    assert sums(module) == [[2, 4], [8, 8], [1]]


def test_a_second_batch_counts_with_the_fraction() -> None:
    """f = 0.75: means 0.75 · 2 + 6 = 7.5 and 0.75 · 4 + 8 = 11; variances 0.75 · 8 + 32 = 38; s = 0.75 · 1 + 1."""
    module = batch_norm(moving_average_fraction=0.75)
    module(BATCH)
    module(torch.tensor([[2.0, 4.0], [10.0, 12.0]]).double())  # deviations ±4: 32 / (2 - 1)
    assert sums(module) == [pytest.approx([7.5, 11]), pytest.approx([38, 38]), [1.75]]
    assert module.running_mean.tolist() == pytest.approx([7.5 / 1.75, 11 / 1.75])


def test_the_fraction_is_caffes_unless_stated() -> None:
    """0.999 (caffe.proto, BatchNormParameter), eps 1e-5."""
    module = batch_norm()
    module(BATCH)
    module(BATCH)
    assert module.scale_factor.tolist() == pytest.approx([1.999])
    assert module.eps == 1e-5


def test_m_counts_items_and_positions() -> None:
    """One channel of 1 x 1 x 2 x 2: 1, 3, 5, 7 with mean 4, squares 9 + 1 + 1 + 9 = 20, 20 / (4 - 1)."""
    module = CaffeBatchNorm2d(1).double().train()
    module(torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]]).double())
    assert module.running_mean.tolist() == [4]
    assert module.running_var.tolist() == pytest.approx([20 / 3])


def test_m_of_1_has_no_variance_and_no_division_by_0() -> None:
    """batch_norm_layer.cpp: bias_correction_factor = m > 1 ? m/(m - 1) : 1."""
    module = batch_norm()
    module._update_statistics(torch.tensor([[3.0, 5.0]]))  # torch itself refuses to normalize a single value
    assert (module.running_mean.tolist(), module.running_var.tolist()) == ([3, 5], [0, 0])


def test_the_batch_is_normalized_by_its_biased_variance() -> None:
    """(0 - 2) / sqrt(4 + 12) = -0.5."""
    y = batch_norm(eps=12)(BATCH)
    assert y.tolist() == [[-0.5, -0.5], [0.5, 0.5]]


def test_in_evaluation_the_statistics_normalize_and_stay() -> None:
    module = batch_norm(eps=1.0)
    module(BATCH)  # means 2 and 4, variances 8
    before = sums(module)
    y = module.eval()(torch.tensor([[5.0, 1.0]]).double())
    assert y.tolist() == [pytest.approx([(5 - 2) / 3, (1 - 4) / 3])]
    assert sums(module) == before


@pytest.mark.parametrize("training", [True, False])
def test_use_global_stats_stands_over_the_mode(training: bool) -> None:
    fixed, free = batch_norm(eps=1.0, use_global_stats=True), batch_norm(eps=12, use_global_stats=False)
    fixed.running_var.fill_(8)
    y = fixed.train(training)(BATCH)
    assert y.tolist() == [pytest.approx([0, 2 / 3]), pytest.approx([4 / 3, 2])]
    assert fixed.scale_factor.tolist() == [0]
    assert free.train(training)(BATCH).tolist() == [[-0.5, -0.5], [0.5, 0.5]]
    assert sums(free) == [[2, 4], [8, 8], [1]]


def test_one_axis_is_one_channel() -> None:
    """x: (3,) as (3, 1): 1, 2, 6 with mean 3 and squares 4 + 1 + 9 = 14, 14 / (3 - 1) = 7."""
    module = CaffeBatchNorm2d(1).double().train()
    y = module(torch.tensor([1.0, 2.0, 6.0]).double())
    assert y.shape == (3,)
    assert (module.running_mean.tolist(), module.running_var.tolist()) == ([3], [7])


def test_pspnets_statistics_move_by_one_minus_momentum() -> None:
    """0.75 · 1 + 0.25 · 2 = 1.25 and 0.75 · 1 + 0.25 · 4 = 1.75; variance, biased, 0.75 · 3 + 0.25 · 4 = 3.25."""
    module = ScaledBatchNorm2d(2, eps=12, momentum=0.75).double().train()
    module.running_mean.fill_(1)
    module.running_var.fill_(3)
    with torch.no_grad():
        module.weight.fill_(4)
        module.bias.fill_(1)
    y = module(BATCH[:, :, None, None])
    assert module.running_mean.tolist() == [1.25, 1.75]
    assert module.running_var.tolist() == [3.25, 3.25]
    assert y.flatten().tolist() == [-1, -1, 3, 3]  # 4 · ±0.5 + 1


def test_pspnets_momentum_is_that_of_its_file_unless_stated() -> None:
    """0.9 (caffe.proto of hszhao/PSPNet, BNParameter); torch's would be the batch's share."""
    assert ScaledBatchNorm2d(1).momentum == 0.9
    assert ScaledBatchNorm2d(1).eps == 1e-5


def test_pspnets_frozen_norm_uses_the_statistics_and_trains_nothing() -> None:
    module = ScaledBatchNorm2d(2, eps=1, frozen=True).double().train()
    module.running_var.fill_(3)
    x = BATCH[:, :, None, None].clone().requires_grad_()
    y = module(x)
    y.sum().backward()
    assert y.flatten().tolist() == [0, 1, 2, 3]  # x / sqrt(3 + 1)
    assert x.grad.flatten().tolist() == [0.5] * 4
    assert module.weight.grad is module.bias.grad is None
    assert module.running_mean.tolist() == [0, 0]


@pytest.mark.parametrize(("averages", "first"), [(True, 0.0), (False, -0.5)])
def test_pspnets_norm_in_evaluation(averages: bool, first: float) -> None:
    """By the running statistics 0 and 1 (0 / sqrt(1 + 12)), or by the batch's, which it then does not take in."""
    module = ScaledBatchNorm2d(2, eps=12, averages=averages).double().eval()
    y = module(BATCH[:, :, None, None])
    assert y.flatten()[0].item() == first
    assert module.running_mean.tolist() == [0, 0]


def test_segnets_norm_takes_the_batchs_statistics_in_both_modes_and_gives_them() -> None:
    module = BatchStatisticsNorm2d(2, statistics=2).double()
    for training in (True, False):
        y, mean, variance = module.train(training)(BATCH[:, :, None, None])
        np.testing.assert_allclose(y.detach().flatten(), [-1, -1, 1, 1], rtol=1e-9)
        assert (mean.flatten().tolist(), variance.flatten().tolist()) == ([2, 4], [4, 4])
        assert mean.shape == variance.shape == (1, 2, 1, 1)
