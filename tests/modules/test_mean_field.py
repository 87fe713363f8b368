"""CRF-RNN's and DeepLab's mean fields against the exact sums over all pairs of pixels, and by hand.

By hand from meanfield_iteration.cpp and densecrf_layer.cpp.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from converter.modules.mean_field import MultiStageMeanField, PottsMeanField
from converter.modules.permutohedral import PermutohedralLattice
from reference.permutohedral import Lattice

Array = np.ndarray


def exact_scores(unary: Array, image: Array, thetas: tuple[float, float, float], weights: list[Array], steps: int):
    """The same iterations with matrices of all pairs, float64: (c, h, w)."""
    alpha, beta, gamma = thetas
    rows, columns = np.indices(unary.shape[1:])
    place = np.stack([columns, rows], 2).reshape(-1, 2)
    colors = image.reshape(3, -1).T
    kernels = []
    for points in (place / gamma, np.concatenate([place / alpha, colors / beta], 1)):
        gaussian = np.exp(-((points[:, None] - points[None]) ** 2).sum(2) / 2)
        kernels.append(gaussian / gaussian.sum(1, keepdims=True))
    flat = unary.reshape(len(unary), -1)
    scores = flat
    for _ in range(steps):
        marginals = np.exp(scores) / np.exp(scores).sum(0)
        message = weights[0] @ marginals @ kernels[0].T + weights[1] @ marginals @ kernels[1].T
        scores = flat - weights[2] @ message
    return scores.reshape(unary.shape)


def scene(size: int = 16) -> tuple[Array, Array]:
    """A dark square on a light ground and noisy scores of three classes: (3, h, w), image (3, h, w) of 0 to 255."""
    draws = np.random.default_rng(7)
    inside = np.zeros((size, size), bool)
    inside[4:12, 4:12] = True
    image = np.where(inside, 60.0, 190.0) + draws.normal(0, 4, (3, size, size))
    return np.stack([1.0 - inside, inside, 0.5 * inside]) + draws.normal(0, 0.5, (3, size, size)), image


def test_scores_are_near_the_exact_sums() -> None:
    """The lattice's kernel is piecewise linear: marginals are off by 0.05 at most and by 0.01 on average."""
    unary, image = scene()
    thetas = (12.0, 20.0, 3.0)
    weights = [np.diag([3.0, 2.0, 3.0]), np.diag([5.0, 4.0, 5.0]), -np.eye(3)]
    module = MultiStageMeanField(3, *thetas, num_iterations=5).double()
    with torch.no_grad():
        for parameter, weight in zip(module.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(weight).reshape(1, 1, 3, 3))
    x = torch.from_numpy(unary)[None]
    scores = module(x, x, torch.from_numpy(image)[None])
    exact = torch.from_numpy(exact_scores(unary, image, thetas, weights, 5))
    off = (scores[0].softmax(0) - exact.softmax(0)).abs()
    assert off.max() < 0.05
    assert off.mean() < 0.01


def test_one_pixel_by_hand() -> None:
    """A single pixel hears only itself: each filter gives its marginals back, so scores = unary + p (W + B).

    Scores 0 and ln 3: p = (1/4, 3/4). With weights 1 each and compatibility -1: 2/4 and ln 3 + 6/4. A second step from
    there: odds e^(ln 3 + 1) = 3 e, p = 1 / (1 + 3 e) and its rest; scores 2 p0 and ln 3 + 2 p1.
    """
    x = torch.tensor([0.0, math.log(3)]).double().reshape(1, 2, 1, 1)
    image = torch.zeros(1, 3, 1, 1).double()
    first = MultiStageMeanField(2, 5, 5, 5, num_iterations=1).double()(x, x, image)
    assert first.flatten().tolist() == pytest.approx([0.5, math.log(3) + 1.5])
    second = MultiStageMeanField(2, 5, 5, 5, num_iterations=2).double()(x, x, image)
    low = 1 / (1 + 3 * math.e)
    assert second.flatten().tolist() == pytest.approx([2 * low, math.log(3) + 2 * (1 - low)])


def test_compatibility_mixes_the_classes_of_the_message() -> None:
    """p = (1/4, 3/4), only the spatial filter with weight 2, compatibility rows (0, 1), (4, 0): minus (1.5, 2)."""
    module = MultiStageMeanField(2, 5, 5, 5, num_iterations=1).double()
    with torch.no_grad():
        module.spatial_weight.copy_(2 * torch.eye(2).reshape(1, 1, 2, 2))
        module.bilateral_weight.zero_()
        module.compatibility.copy_(torch.tensor([[0.0, 1.0], [4.0, 0.0]]).reshape(1, 1, 2, 2))
    q = torch.tensor([0.0, math.log(3)]).double().reshape(1, 2, 1, 1)
    scores = module(torch.zeros_like(q), q, torch.zeros(1, 3, 1, 1).double())
    assert scores.flatten().tolist() == pytest.approx([-1.5, -2.0])


def test_all_weights_learn_and_the_image_does_not() -> None:
    unary, image = (torch.from_numpy(array)[None].float().requires_grad_() for array in scene(8))
    module = MultiStageMeanField(3, 12, 20, 3, num_iterations=2)
    module(unary, unary, image).square().sum().backward()
    assert image.grad is None
    assert unary.grad is not None
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in module.parameters())


def test_marginals_of_given_weights_are_near_the_exact_sums() -> None:
    """DeepLab's: softmax of the scores after six steps of the sums above with equal weights; an image of 16 in 20."""
    unary, image = scene()
    thetas, weights = (12.0, 20.0, 3.0), [3 * np.eye(3), 5 * np.eye(3), -np.eye(3)]
    wide = np.pad(np.stack([unary, image]), [(0, 0), (0, 0), (0, 4), (0, 4)])
    scores, colors = torch.from_numpy(wide)[:, None]
    module = PottsMeanField([(3, 3)], [(5, 12, 20)], num_iterations=6)
    marginals = module(scores, torch.tensor([[16, 16]]), colors)[0]
    off = (marginals[:, :16, :16] - torch.from_numpy(exact_scores(unary, image, thetas, weights, 6)).softmax(0)).abs()
    assert off.max() < 0.05
    assert off.mean() < 0.01
    assert float(marginals.sum()) == pytest.approx(16 * 16)


def test_two_pixels_of_given_weights_by_hand() -> None:
    """So wide a kernel gives both the mean of (1/4, 3/4) and (1/2, 1/2), (3/8, 5/8): odds grow by e^(1/4)."""
    x = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]]).double().reshape(1, 2, 1, 2)
    marginals = PottsMeanField([(1, 1e8)], num_iterations=1)(x, torch.tensor([[1, 2]]))
    odds = (marginals[:, 1] / marginals[:, 0]).flatten().tolist()
    assert odds == pytest.approx([3 * math.exp(0.25), math.exp(0.25)], rel=1e-6)


def test_what_lies_twenty_below_is_nothing() -> None:
    """Its logarithm is that of the smallest float32, 2^-126."""
    x = torch.tensor([0.0, -19.0, -21.0]).double().reshape(1, 3, 1, 1)
    module = PottsMeanField([], num_iterations=1, logarithm=True)
    assert module(x, torch.tensor([[1, 1]])).flatten().tolist() == pytest.approx([0, -19, -126 * math.log(2)], abs=1e-6)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_both_lattices_are_the_same(dimensions: int) -> None:
    """Two programs for the paper's sections 3 and 4, the one by sorting tensors, the other corner by corner."""
    draws = np.random.default_rng(dimensions)
    points, values = draws.normal(size=(200, dimensions)) * 2, draws.normal(size=(200, 3))
    ours = PermutohedralLattice(torch.from_numpy(points)).filter(torch.from_numpy(values)).numpy()
    np.testing.assert_allclose(Lattice(points).filter(values), ours, rtol=1e-10, atol=1e-12)
