"""CRF-RNN's mean field: a dense CRF whose weights are learned, as one module."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.modules.permutohedral import PermutohedralLattice

_TINY = 1e-20


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
