"""Normalizations without memory, by hand, and what they do where nothing is stated."""

import pytest
import torch

from converter.modules.normalization import (
    BatchStatisticsNorm2d,
    L2Norm,
    MeanVarianceNorm,
    ScaledBatchNorm2d,
    SpatialResponseNorm,
)

X = torch.tensor([[3.0, 0.0], [4.0, 12.0]]).double().reshape(1, 2, 1, 2)
"""Channels (3, 0) and (4, 12): squares sum to 25 and 144 by position, to 169 in all."""


def test_l2_norm_runs_over_the_whole_image_unless_told_otherwise() -> None:
    assert L2Norm().double()(X).flatten().tolist() == pytest.approx([3 / 13, 0, 4 / 13, 12 / 13])
    assert L2Norm(across_spatial=False).double()(X).flatten().tolist() == pytest.approx([0.6, 0, 0.8, 1])


def test_l2_norms_eps_is_added_to_the_sum_of_squares_once() -> None:
    """25 + 11 = 36; 1e-10 unless stated, so that zeros stay."""
    assert L2Norm(across_spatial=False, eps=11).double()(X)[0, :, 0, 0].tolist() == pytest.approx([0.5, 4 / 6])
    assert L2Norm()(torch.full((1, 1, 1, 1), 1e-5)).item() == pytest.approx(0.5**0.5)  # 1e-5 / sqrt(1e-10 + 1e-10)
    assert L2Norm(across_spatial=False).eps == 1e-10


def test_l2_norm_has_one_factor_or_one_a_channel() -> None:
    norm = L2Norm(2, across_spatial=False).double()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([10.0, 20.0]))
    assert norm(X).flatten().tolist() == pytest.approx([6, 0, 16, 20])
    assert L2Norm().weight.shape == ()


def test_lrn_within_a_channel_by_hand() -> None:
    """A 3 x 3 square of which all but the middle lies outside: mean 9 / 9 = 1; x (1 + alpha)^-beta."""
    x = torch.full((1, 1, 1, 1), 3.0)
    assert SpatialResponseNorm(3)(x).item() == pytest.approx(3 / 2**0.75)
    assert SpatialResponseNorm(3, alpha=3, beta=0.5)(x).item() == pytest.approx(1.5)
    assert SpatialResponseNorm(1, alpha=1, beta=1)(x).item() == pytest.approx(0.3)
    both = SpatialResponseNorm(3, alpha=9, beta=1)(torch.tensor([[[[1.0, 2.0]]]]))
    assert both.flatten().tolist() == pytest.approx([1 / 6, 2 / 6])  # each sees 1 + 4: 1 + 9 · 5/9


def test_mvn_by_hand() -> None:
    """(1, 5) and (2, 10) of two channels: means 3 and 6, deviations 2 and 4; together mean 4.5, squares 12.25 + …"""
    x = torch.tensor([[[1.0, 5.0], [2.0, 10.0]]]).double()
    assert MeanVarianceNorm()(x).flatten().tolist() == pytest.approx([-1, 1, -1, 1])
    assert MeanVarianceNorm(variance=False)(x).flatten().tolist() == pytest.approx([-2, 2, -4, 4])
    assert MeanVarianceNorm(eps=2)(x).flatten().tolist() == pytest.approx([-0.5, 0.5, -4 / 6, 4 / 6])
    whole = MeanVarianceNorm(across_channels=True)(x).flatten()
    deviation = ((12.25 + 0.25 + 6.25 + 30.25) / 4) ** 0.5  # of 1, 5, 2, 10 from 4.5: squares, biased
    assert whole.tolist() == pytest.approx([-3.5 / deviation, 0.5 / deviation, -2.5 / deviation, 5.5 / deviation])


def test_mvn_of_one_or_two_axes_takes_each_number_for_a_plane() -> None:
    assert MeanVarianceNorm()(torch.tensor([3.0, 4.0])).tolist() == [0, 0]
    assert MeanVarianceNorm(across_channels=True)(torch.tensor([3.0, 4.0])).tolist() == [0, 0]
    assert MeanVarianceNorm()(torch.tensor([[3.0, 4.0]])).tolist() == [[0, 0]]
    assert MeanVarianceNorm(across_channels=True)(torch.tensor([[3.0, 5.0]])).tolist() == [pytest.approx([-1, 1])]


def test_segnets_norm_gives_its_values_alone_unless_asked_for_more() -> None:
    plain = BatchStatisticsNorm2d(2).double()
    assert isinstance(plain(X), torch.Tensor)
    assert [len(BatchStatisticsNorm2d(2, statistics=n).double()(X)) for n in (1, 2)] == [2, 3]
    assert plain.eps == 1e-9
    # Channel 0: mean 1.5, deviations ±1.5, variance 2.25; with eps 1.75 a deviation of 2.
    assert BatchStatisticsNorm2d(2, eps=1.75).double()(X)[0, 0].flatten().tolist() == [0.75, -0.75]


def test_segnets_folded_norm_is_a_factor_and_an_offset() -> None:
    norm = BatchStatisticsNorm2d(2, folded=True, statistics=2).double()
    with torch.no_grad():
        norm.weight.fill_(2)
        norm.bias.fill_(1)
    y, mean, variance = norm(X)
    assert y.flatten().tolist() == [7, 1, 9, 25]
    assert mean.shape == variance.shape == (1, 2, 1, 1)
    assert not mean.any()
    assert not variance.any()


def test_parameters_begin_at_one_and_zero() -> None:
    for norm in (BatchStatisticsNorm2d(2), ScaledBatchNorm2d(2)):
        assert norm.weight.flatten().tolist() == [1, 1]
        assert norm.bias.flatten().tolist() == [0, 0]
        assert norm.weight.shape == norm.bias.shape == (1, 2, 1, 1)
