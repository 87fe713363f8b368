"""Optical flow: comparing patches of two maps, warping by a flow, the length of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Pair = tuple[int, int]


class Correlation(nn.Module):
    """Two maps (n, c, h, w) -> (n, rows * columns, h', w'): a channel for each displacement of the second map.

    Both maps get `pad` zeros around. Each channel is the mean, over channels and a patch of `kernel_size`, of products
    (with `subtract`: of |a - b|). Patches are `stride` apart and begin `margin` from the edge; a displacement that
    reaches beyond the padded map meets zeros.
    Source: lmb-freiburg/flownet2, src/caffe/layers/correlation_layer.cu and correlation_layer1d.cu.

        >>> Correlation((-1, 0, 1), (-1, 0, 1), (1, 1), (1, 1))(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 9, 4, 4])
    """

    def __init__(
        self,
        rows: Sequence[int],
        columns: Sequence[int],
        margin: Pair = (0, 0),
        pad: Pair = (0, 0),
        kernel_size: int = 1,
        stride: int = 1,
        subtract: bool = False,
    ) -> None:
        super().__init__()
        self.rows, self.columns = tuple(rows), tuple(columns)
        self.margin, self.pad = margin, pad
        self.kernel_size, self.stride, self.subtract = kernel_size, stride, subtract

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The means."""
        (up, left), (high, wide) = self.margin, self.pad
        height = first.shape[2] + 2 * (high - up)
        width = first.shape[3] + 2 * (wide - left)
        beyond = max(0, -min(self.columns) - left)
        still = F.pad(first, (wide - left, wide - left, high - up, high - up))
        moved = F.pad(second, (wide + beyond, wide, high, high))
        maps = [
            self._compare(still, moved[:, :, up + y : up + y + height, left + beyond + x : left + beyond + x + width])
            for y in self.rows
            for x in self.columns
        ]
        return self._patches(torch.stack(maps, 1))

    def _compare(self, still: Tensor, moved: Tensor) -> Tensor:
        """The mean over channels: (n, c, h, w) twice -> (n, h, w), where patches of one pixel are apart only those."""
        if self.kernel_size == 1 and self.stride > 1:
            still, moved = (x[:, :, :: self.stride, :: self.stride] for x in (still, moved))
        return ((still - moved).abs() if self.subtract else still * moved).mean(1)

    def _patches(self, maps: Tensor) -> Tensor:
        return maps if self.kernel_size == 1 else F.avg_pool2d(maps, self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        """Displacements and patch."""
        return (
            f"{len(self.rows)}x{len(self.columns)} displacements, margin={self.margin}, pad={self.pad}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, subtract={self.subtract}"
        )


class FlowWarp(nn.Module):
    """image (n, c, h, w) at x + flow[:, 0], y + flow[:, 1], bilinear; `fill` where that lies outside [0, w) x [0, h).

    flow: (n, 2, h, w) in pixels -> (n, c, h, w). Beyond the last column or row that one counts twice. Both get a
    gradient. Source: lmb-freiburg/flownet2, src/caffe/layers/flow_warp_layer.cpp.

        >>> FlowWarp()(torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[0.5, 0.0]], [[0.0, 0.0]]]]))
        tensor([[[[2., 3.]]]])
    """

    def __init__(self, fill: float = 0.0) -> None:
        super().__init__()
        self.fill = fill

    def forward(self, image: Tensor, flow: Tensor) -> Tensor:
        """The warped image."""
        height, width = image.shape[2], image.shape[3]
        x = torch.arange(width, device=flow.device, dtype=flow.dtype) + flow[:, 0]
        y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + flow[:, 1]
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = torch.where(inside, x, 0.0), torch.where(inside, y, 0.0)
        left, upper = x.detach().floor(), y.detach().floor()
        share = (x - left)[:, None], (y - upper)[:, None]
        columns = left.long(), (left + 1).clamp(max=width - 1).long()
        rows = upper.long(), (upper + 1).clamp(max=height - 1).long()
        up, down = (self._between(image, row, columns, share[0]) for row in rows)
        return torch.where(inside[:, None], up + (down - up) * share[1], self.fill)

    def _between(self, image: Tensor, row: Tensor, columns: tuple[Tensor, Tensor], share: Tensor) -> Tensor:
        """(1 - share) of the left pixel and share of the right one, in a row."""
        left, right = (pick_pixels(image, row, column) for column in columns)
        return left + (right - left) * share

    def extra_repr(self) -> str:
        """What lies outside."""
        return f"fill={self.fill}"


def pick_pixels(image: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """An image's (n, c, h, w) pixels at whole rows and columns, (n, h', w') each -> (n, c, h', w')."""
    n, c, _, width = image.shape
    place = (row * width + column).reshape(n, 1, -1).expand(-1, c, -1)
    return image.flatten(2).gather(2, place).reshape(n, c, *row.shape[1:])


class ChannelNorm(nn.Module):
    """The length of the vector of channels at each position: (n, c, h, w) -> (n, 1, h, w); no gradient at length 0.

    The source divides a gradient by the length plus 1e-9. Source: lmb-freiburg/flownet2, channel_norm_layer.cpp.

        >>> ChannelNorm()(torch.tensor([[[[3.0]], [[4.0]]]])).item()
        5.0
    """

    def forward(self, x: Tensor) -> Tensor:
        """The lengths."""
        lengths: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        return lengths
