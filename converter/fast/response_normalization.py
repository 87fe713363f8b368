"""Local response normalization across channels as a few passes over channels-last memory, for the CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_USUAL_BETA = 0.75


class FastLocalResponseNorm(nn.Module):
    """y = x (k + alpha / size · sum of squares of `size` neighboring channels)^-beta (Krizhevsky et al., section 3.3).

    Torch's own layer averages by a three-dimensional pooling, which takes ten times as long. Computed in float32.
    """

    def __init__(self, norm: nn.LocalResponseNorm) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = norm.size, norm.alpha, norm.beta, norm.k

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, c, ...) -> (n, c, ...) of its type, channels-last."""
        rows = x.movedim(1, -1).float()
        scale = self._power(self._sums(rows).mul_(self.alpha / self.size).add_(self.k))
        return (rows * scale[..., : rows.shape[-1]]).to(x.dtype).movedim(-1, 1)

    def _sums(self, rows: Tensor) -> Tensor:
        """rows: (..., c) -> (..., c + size - 1), of which the first c are the sums of squares around each channel.

        The zeros between two positions' channels let one addition run through all of memory, without a loop over
        positions; what it adds up across them lies behind the first c.
        """
        padded = F.pad(rows, (self.size // 2, (self.size - 1) // 2))
        squares = torch.mul(padded, padded, out=padded).view(-1)
        sums = squares.clone()
        for shift in range(1, self.size):
            sums[:-shift] += squares[shift:]
        return sums.view(*rows.shape[:-1], -1)

    def _power(self, scale: Tensor) -> Tensor:
        """scale^-beta, in the place of `scale`; the usual 3/4 is half of one and a half, which needs no logarithm."""
        if self.beta == _USUAL_BETA:
            return scale.mul_(scale.sqrt()).rsqrt_()
        return scale.pow_(-self.beta)


def is_normalization(module: nn.Module, device: torch.device) -> bool:
    """Whether the fast form stands for a module on a device."""
    return type(module) is nn.LocalResponseNorm and device.type == "cpu"
