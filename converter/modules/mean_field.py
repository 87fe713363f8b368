"""Mean fields of dense CRFs inside a net: CRF-RNN's, whose weights are learned, and DeepLab's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.permutohedral import PermutohedralLattice

_TINY = 1e-20
_FARTHEST = 20.0
"""DeepLab's exponential is 0 for what lies farther below the largest score."""


class MultiStageMeanField(nn.Module):
    """Mean-field inference of a fully connected CRF, unrolled; all of it is differentiable but for the image.

    unary, previous: (n, c, h, w), image: (n, k, h, w) -> (n, c, h, w) scores, not normalized. Each iteration takes
    p = softmax(previous) over the classes, filters it over all pixels with Gaussians of position (deviation
    `theta_gamma` pixels) and of position and color (`theta_alpha` pixels, `theta_beta` of color), divides each by the
    filtered ones, and gives unary - compatibility (spatial_weight spatial + bilateral_weight bilateral), the next
    iteration's `previous`. Sums over all pixels are approximated on a permutohedral lattice.

    Parameters: `spatial_weight`, `bilateral_weight` and `compatibility`, (1, 1, c, c) each; by default Potts': the
    identity, the identity and minus the identity.
    Source: torrvision/caffe, src/caffe/layers/multi_stage_meanfield.cpp and meanfield_iteration.cpp; arXiv:1502.03240,
    algorithm 1.

        >>> module = MultiStageMeanField(2, theta_alpha=160, theta_beta=3, theta_gamma=3, num_iterations=2)
        >>> module(torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 1, 1), torch.zeros(1, 3, 1, 1)).flatten().tolist()
        [1.0, 1.0]
    """

    def __init__(
        self, classes: int, theta_alpha: float, theta_beta: float, theta_gamma: float, num_iterations: int = 10
    ) -> None:
        super().__init__()
        self.classes, self.num_iterations = classes, num_iterations
        self.theta_alpha, self.theta_beta, self.theta_gamma = theta_alpha, theta_beta, theta_gamma
        identity = torch.eye(classes).reshape(1, 1, classes, classes)
        self.spatial_weight = nn.Parameter(identity.clone())
        self.bilateral_weight = nn.Parameter(identity.clone())
        self.compatibility = nn.Parameter(-identity)

    def forward(self, unary: Tensor, previous: Tensor, image: Tensor) -> Tensor:
        """The scores after the last iteration, (n, c, h, w)."""
        columns, rows = _positions(unary)
        spatial = _Filter(torch.stack([columns, rows], 1) / self.theta_gamma)
        position = torch.stack([columns, rows], 1) / self.theta_alpha
        results = []
        for item, start, colors in zip(unary, previous, image.detach().to(unary.dtype), strict=True):
            bilateral = _Filter(torch.cat([position, colors.flatten(1).T / self.theta_beta], 1))
            scores = self._infer(item.flatten(1).T, start.flatten(1).T, spatial, bilateral)
            results.append(scores.T.reshape(item.shape))
        return torch.stack(results)

    def _infer(self, unary: Tensor, scores: Tensor, spatial: _Filter, bilateral: _Filter) -> Tensor:
        """One image's iterations, on (pixels, classes)."""
        weights = (self.spatial_weight[0, 0].T, self.bilateral_weight[0, 0].T, self.compatibility[0, 0].T)
        for _ in range(self.num_iterations):
            marginals = scores.softmax(1)
            message = spatial(marginals) @ weights[0] + bilateral(marginals) @ weights[1]
            scores = unary - message @ weights[2]
        return scores

    def extra_repr(self) -> str:
        """The deviations and the number of iterations."""
        thetas = f"theta_alpha={self.theta_alpha:g}, theta_beta={self.theta_beta:g}, theta_gamma={self.theta_gamma:g}"
        return f"{self.classes}, {thetas}, num_iterations={self.num_iterations}"


class PottsMeanField(nn.Module):
    """Mean-field inference of a fully connected CRF with Potts' compatibility and given weights.

    scores: (n, c, h, w), sizes: (n, ...), each item's first two numbers its height and width without padding, image:
    (n, 3, h, w), only with `bilateral` -> (n, c, h, w) marginals, or their logarithms; 0 in the padding. Each iteration
    adds to the scores the marginals, filtered over all pixels by each kernel, divided by the filtered ones, times the
    kernel's weight, and takes the softmax; exponentials below e^-20 are 0. Sums are approximated on a permutohedral
    lattice. The image gets no gradient.
    Source: DeepLab's src/caffe/layers/densecrf_layer.cpp; arXiv:1210.5644.

    Args:
        spatial: (weight, deviation in pixels) of each kernel of position.
        bilateral: (weight, deviation in pixels, deviation of color) of each kernel of position and color.
        logarithm: give logarithms, of no less than the smallest float32.

        >>> module = PottsMeanField([(3, 3)], num_iterations=1)
        >>> module(torch.zeros(1, 2, 2, 2), torch.tensor([[2, 1]])).flatten().tolist()
        [0.5, 0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.0]
    """

    def __init__(
        self,
        spatial: Sequence[tuple[float, float]],
        bilateral: Sequence[tuple[float, float, float]] = (),
        num_iterations: int = 10,
        logarithm: bool = False,
    ) -> None:
        super().__init__()
        self.spatial, self.bilateral = tuple(spatial), tuple(bilateral)
        self.num_iterations, self.logarithm = num_iterations, logarithm

    def forward(self, scores: Tensor, sizes: Tensor, image: Tensor | None = None) -> Tensor:
        """The marginals, (n, c, h, w)."""
        height, width = scores.shape[2:]
        colors: Sequence[Tensor | None] = [None] * len(scores) if image is None else list(image.detach())
        results = []
        for item, size, own in zip(scores, sizes.flatten(1)[:, :2].tolist(), colors, strict=True):
            rows, columns = min(int(size[0]), height), min(int(size[1]), width)
            inner = self._infer(item[:, :rows, :columns], None if own is None else own[:, :rows, :columns])
            results.append(F.pad(inner, (0, width - columns, 0, height - rows)))
        return torch.stack(results)

    def _infer(self, scores: Tensor, image: Tensor | None) -> Tensor:
        """One image's marginals, (c, h, w)."""
        position = torch.stack(_positions(scores[None]), 1)
        kernels = [(weight, _Filter(position / deviation)) for weight, deviation in self.spatial]
        if image is not None:
            colors = image.flatten(1).T.to(scores.dtype)
            for weight, deviation, of_color in self.bilateral:
                kernels.append((weight, _Filter(torch.cat([position / deviation, colors / of_color], 1))))
        unary = scores.flatten(1).T
        marginals = _softmax(unary)
        for _ in range(self.num_iterations):
            marginals = _softmax(sum((weight * kernel(marginals) for weight, kernel in kernels), unary))
        if self.logarithm:
            marginals = marginals.clamp(min=torch.finfo(torch.float32).tiny).log()
        return marginals.T.reshape(scores.shape)

    def extra_repr(self) -> str:
        """The kernels and the number of iterations."""
        kernels = f"{list(self.spatial)}, {list(self.bilateral)}"
        return f"{kernels}, num_iterations={self.num_iterations}, logarithm={self.logarithm}"


def _softmax(scores: Tensor) -> Tensor:
    """Along the last axis, with DeepLab's exponential."""
    below = scores - scores.amax(1, keepdim=True)
    powers = torch.where(below < -_FARTHEST, 0.0, below.exp())
    return powers / powers.sum(1, keepdim=True)


class _Filter:
    """A Gaussian filter over all pixels, (pixels, c) to (pixels, c), divided by the filtered ones."""

    def __init__(self, features: Tensor) -> None:
        self._lattice = PermutohedralLattice(features)
        self._norm = 1 / (self._lattice.filter(features.new_ones(len(features), 1)) + _TINY)

    def __call__(self, values: Tensor) -> Tensor:
        """The filtered values."""
        return self._norm * self._lattice.filter(values)


def _positions(x: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of each pixel of (n, c, h, w), row by row, in x's type."""
    rows, columns = torch.meshgrid(
        torch.arange(x.shape[2], device=x.device, dtype=x.dtype),
        torch.arange(x.shape[3], device=x.device, dtype=x.dtype),
        indexing="ij",
    )
    return columns.flatten(), rows.flatten()
