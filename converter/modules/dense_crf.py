"""The fully connected CRF that sharpens label maps along the image's edges."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.modules.permutohedral import PermutohedralLattice

_TINY = 1e-20


class DenseCRF(nn.Module):
    """Mean-field inference in a fully connected CRF with Gaussian edge potentials and Potts compatibility.

    Every pair of pixels with different labels costs
    `color_weight` · exp(-|Δposition|² / (2 color_position_std²) - |Δcolor|² / (2 color_std²))
    + `position_weight` · exp(-|Δposition|² / (2 position_std²)), kernels normalized by D^(-1/2) K D^(-1/2), where D
    holds K's row sums, as the authors' program does. Sums over all pixels are approximated on a permutohedral lattice.
    Source: Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", NIPS
    2011 (arXiv:1210.5644), equations 2, 3 and algorithm 1.

    Args:
        color_weight, position_weight: of the kernel with colors, and of the one without; 0 leaves a kernel out.
        color_position_std, position_std: pixels.
        color_std: of color values 0 to 255.
        iterations: of mean field.

        >>> crf = DenseCRF(5, 50, 10, 3, 3)
        >>> crf(torch.full((2, 4, 6), 0.5), torch.zeros(4, 6, 3, dtype=torch.uint8)).shape
        torch.Size([2, 4, 6])
    """

    def __init__(
        self,
        color_weight: float,
        color_position_std: float,
        color_std: float,
        position_weight: float,
        position_std: float,
        iterations: int = 10,
    ) -> None:
        super().__init__()
        self.color_weight, self.color_position_std, self.color_std = color_weight, color_position_std, color_std
        self.position_weight, self.position_std = position_weight, position_std
        self.iterations = iterations

    def forward(self, probabilities: Tensor, image: Tensor) -> Tensor:
        """Each pixel's marginal probabilities.

        Args:
            probabilities: (classes, h, w) float32, a net's softmax; 0 counts as the smallest float.
            image: (h, w, 3) uint8 or float, on the same device.
        """
        classes, height, width = probabilities.shape
        unary = probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log().flatten(1).T.contiguous()
        kernels = self._kernels(image, height, width)
        marginals = unary.softmax(1)
        for _ in range(self.iterations):
            messages = (kernel.message(marginals).mul(weight) for kernel, weight in kernels)
            marginals = sum(messages, unary).softmax(1)
        return marginals.T.reshape(classes, height, width)

    def _kernels(self, image: Tensor, height: int, width: int) -> list[tuple[_Kernel, float]]:
        """The kernels with their weights; those of weight 0 are left out."""
        rows, columns = torch.meshgrid(
            torch.arange(height, device=image.device, dtype=torch.float32),
            torch.arange(width, device=image.device, dtype=torch.float32),
            indexing="ij",
        )
        position = torch.stack([columns, rows], dim=-1).flatten(0, 1)
        colors = image.to(torch.float32).flatten(0, 1)
        features = (
            (torch.cat([position / self.color_position_std, colors / self.color_std], 1), self.color_weight),
            (position / self.position_std, self.position_weight),
        )
        return [(_Kernel(points), weight) for points, weight in features if weight]


class _Kernel:
    """A Gaussian kernel between all pixels, normalized on both sides."""

    def __init__(self, features: Tensor) -> None:
        self._lattice = PermutohedralLattice(features)
        sums = self._lattice.filter(features.new_ones(len(features), 1))
        self._norm = (sums + _TINY).rsqrt()

    def message(self, marginals: Tensor) -> Tensor:
        """Sums over all pixels of kernel times marginals: (n, classes)."""
        return self._norm * self._lattice.filter(self._norm * marginals)
