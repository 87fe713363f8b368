"""The dense CRF against the exact sum over all pairs of pixels, and against arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from converter.modules.dense_crf import DenseCRF
from converter.modules.permutohedral import PermutohedralLattice

Array = np.ndarray


def exact_marginals(probabilities: Array, image: Array, kernels: list[tuple[float, Array]], iterations: int) -> Array:
    """Algorithm 1 of the paper by matrices of all pairs, float64: (classes, h, w)."""
    unary = np.log(probabilities.reshape(len(probabilities), -1).T.astype(np.float64))
    matrices = []
    for weight, features in kernels:
        gaussian = np.exp(-((features[:, None] - features[None]) ** 2).sum(2) / 2)
        root = 1 / np.sqrt(gaussian.sum(1))
        matrices.append(weight * root[:, None] * gaussian * root[None])
    energy = unary
    for _ in range(iterations):
        energy = unary + sum(matrix @ softmax(energy) for matrix in matrices)
    return softmax(energy).T.reshape(probabilities.shape)


def softmax(x: Array) -> Array:
    shifted = np.exp(x - x.max(1, keepdims=True))
    result: Array = shifted / shifted.sum(1, keepdims=True)
    return result


def scene(size: int = 24) -> tuple[Array, Array]:
    """A dark square on a light ground with noisy probabilities of two classes: (2, h, w), image (h, w, 3)."""
    draws = np.random.default_rng(3)
    inside = np.zeros((size, size), bool)
    inside[6:18, 6:18] = True
    image = np.where(inside[..., None], (60, 50, 70), (200, 190, 180)) + draws.normal(0, 4, (size, size, 3))
    share = np.clip(np.where(inside, 0.65, 0.35) + draws.normal(0, 0.2, (size, size)), 0.02, 0.98)
    return np.stack([1 - share, share]).astype(np.float32), np.clip(image, 0, 255).astype(np.uint8)


def features_of(image: Array, position: float, color: float | None) -> Array:
    rows, columns = np.indices(image.shape[:2])
    parts = [columns[..., None] / position, rows[..., None] / position]
    if color is not None:
        parts.append(image / color)
    return np.concatenate(parts, 2).reshape(image.shape[0] * image.shape[1], -1)


@pytest.mark.parametrize("weights", [(5.0, 0.0), (0.0, 3.0), (5.0, 3.0)])
def test_marginals_are_near_the_exact_sums(weights: tuple[float, float]) -> None:
    """The lattice's kernel is a piecewise linear one: 0.05 of probability at most, 0.01 on average."""
    probabilities, image = scene()
    crf = DenseCRF(weights[0], 12, 20, weights[1], 3, iterations=3)
    marginals = crf(torch.from_numpy(probabilities), torch.from_numpy(image)).numpy()
    kernels = [(weights[0], features_of(image, 12, 20)), (weights[1], features_of(image, 3, None))]
    exact = exact_marginals(probabilities, image, [kernel for kernel in kernels if kernel[0]], 3)
    assert np.abs(marginals - exact).max() < 0.05
    assert np.abs(marginals - exact).mean() < 0.01


def test_labels_follow_the_edges_of_the_image() -> None:
    probabilities, image = scene()
    truth = np.zeros((24, 24), int)
    truth[6:18, 6:18] = 1
    labels = DenseCRF(5, 12, 20, 3, 3)(torch.from_numpy(probabilities), torch.from_numpy(image)).argmax(0).numpy()
    assert (probabilities.argmax(0) != truth).mean() > 0.1
    assert (labels == truth).all()


def test_no_iteration_and_no_weight_leave_the_probabilities() -> None:
    probabilities, image = (torch.from_numpy(array) for array in scene())
    for crf in (DenseCRF(5, 12, 20, 3, 3, iterations=0), DenseCRF(0, 12, 20, 0, 3)):
        torch.testing.assert_close(crf(probabilities, image), probabilities)


def test_two_pixels_by_hand() -> None:
    """Far-off pixels hear only themselves: kernel 1, norm 1, message = marginal; one step of weight 2.

    Pixel 0: p = (0.8, 0.2): logits ln 0.8 + 2 · 0.8, ln 0.2 + 2 · 0.2, so odds 4 e^1.2 = 13.2805.
    """
    probabilities = torch.tensor([[[0.8, 0.5]], [[0.2, 0.5]]])
    image = torch.zeros(1, 2, 3, dtype=torch.uint8)
    marginals = DenseCRF(0, 1, 1, 2, 0.01, iterations=1)(probabilities, image)
    assert (marginals[0, 0, 0] / marginals[1, 0, 0]).item() == pytest.approx(4 * np.exp(1.2), rel=1e-5)
    assert marginals[:, 0, 1].tolist() == pytest.approx([0.5, 0.5])


def test_probabilities_of_0_are_finite() -> None:
    probabilities = torch.zeros(3, 5, 5)
    probabilities[1] = 1
    marginals = DenseCRF(5, 5, 5, 3, 3)(probabilities, torch.zeros(5, 5, 3, dtype=torch.uint8))
    assert torch.isfinite(marginals).all()
    assert (marginals.argmax(0) == 1).all()


@pytest.mark.parametrize(("dimensions", "bound"), [(1, 0.005), (2, 0.015), (3, 0.02), (5, 0.015)])
def test_filter_is_near_the_gaussian(dimensions: int, bound: float) -> None:
    """Averages of 2,000 random points within 3 deviations, beside the exact ones."""
    draws = torch.Generator().manual_seed(dimensions)
    features = torch.rand(2000, dimensions, generator=draws) * 3
    values = torch.rand(2000, 2, generator=draws)
    lattice = PermutohedralLattice(features)
    exact = torch.exp(-(torch.cdist(features.double(), features.double()) ** 2) / 2)
    mean = lattice.filter(values) / lattice.filter(torch.ones(2000, 1))
    assert (mean - exact @ values.double() / exact.sum(1, keepdim=True)).abs().max() < bound


def test_gradients_are_the_adjoint_s() -> None:
    """<filter(v), w> is linear in v: its gradient times v gives it back, and finite differences agree."""
    draws = torch.Generator().manual_seed(0)
    lattice = PermutohedralLattice(torch.rand(40, 3, generator=draws) * 2)
    values = torch.rand(40, 2, generator=draws, requires_grad=True)
    weights = torch.rand(40, 2, generator=draws)
    product = (lattice.filter(values) * weights).sum()
    (gradient,) = torch.autograd.grad(product, values)
    assert (gradient * values).sum().item() == pytest.approx(product.item(), rel=1e-5)
    moved = values.detach().clone()
    moved[7, 1] += 1
    assert ((lattice.filter(moved) * weights).sum() - product).item() == pytest.approx(gradient[7, 1].item(), abs=1e-4)


def test_features_that_span_too_much_are_refused() -> None:
    with pytest.raises(ValueError, match="larger deviations"):
        PermutohedralLattice(torch.rand(20, 5) * 1e7)


def test_half_floats_are_taken_as_float32() -> None:
    """The lattice is laid out and blurred in float32; the result has the type of the values."""
    features = torch.tensor([[0.0], [0.5], [40.0]])
    values = torch.tensor([[1.0], [3.0], [5.0]])
    expected = PermutohedralLattice(features).filter(values)
    half = PermutohedralLattice(features.half()).filter(values.half())
    assert half.dtype == torch.float16
    assert torch.equal(half, expected.half())
