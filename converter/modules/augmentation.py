"""What FlowNet's input layers do outside a training: shifts of channels, a central crop, a running mean."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Pair = tuple[int, int]


class ShiftChannels(nn.Module):
    """scale * x + shifts[c % len(shifts)] at channel c; x: (n, c, ...).

    Source: lmb-freiburg/flownet2, src/caffe/layers/mean_layer.cpp.

        >>> ShiftChannels((1.0, 2.0), 3.0)(torch.ones(1, 2)).tolist()
        [[4.0, 5.0]]
    """

    def __init__(self, shifts: Sequence[float], scale: float = 1.0) -> None:
        super().__init__()
        self.shifts, self.scale = tuple(shifts), scale

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        shift = torch.tensor(self.shifts, device=x.device, dtype=x.dtype).repeat(x.shape[1] // len(self.shifts))
        return x * self.scale + shift.reshape(-1, *(1,) * (x.ndim - 2))

    def extra_repr(self) -> str:
        """The numbers."""
        return f"shifts={self.shifts}, scale={self.scale:g}"


class DataAugmentation(nn.Module):
    """x (n, c, h, w), cropped in the middle to `crop`, minus `means` or, with `recompute`, minus a running mean.

    Of the first `recompute` passes, which the buffer `iterations` counts, each takes its batch's mean into `mean`
    (1, c, *size) and that one's mean over positions into `channel_mean` (1, c, 1, 1), and the new ones are subtracted,
    by pixel or by channel; later ones subtract what is stored. Buffers change in training mode only, while the source
    counts every pass. The crop is read bilinearly, no further than 1.05 pixels before the end, as there. The mean has
    no gradient. Source: lmb-freiburg/flownet2, src/caffe/layers/data_augmentation_layer.cu.

        >>> DataAugmentation(1, (1, 2), recompute=9, per_pixel=False)(torch.tensor([[[[1.0, 3.0]]]]))
        tensor([[[[-1.,  1.]]]])
    """

    def __init__(
        self,
        channels: int,
        size: Pair,
        crop: Pair | None = None,
        recompute: int = 0,
        per_pixel: bool = True,
        means: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.channels, self.size, self.crop = channels, size, crop
        self.recompute, self.per_pixel, self.means = recompute, per_pixel, tuple(means)
        self.register_buffer("iterations", torch.zeros(1, 1, 1, 1))
        if recompute:
            self.register_buffer("mean", torch.zeros(1, channels, *size))
            self.register_buffer("channel_mean", torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The image without its mean."""
        if self.crop is not None:
            x = _crop(_crop(x, self.crop[0], 2), self.crop[1], 3)
        if self.recompute:
            return x - self._running_mean(x.detach())
        if not self.means:
            return x
        return x - torch.tensor(self.means, device=x.device, dtype=x.dtype)[:, None, None]

    def _running_mean(self, x: Tensor) -> Tensor:
        """The mean of this pass, by pixel or by channel; in training mode it is stored."""
        count = self.get_buffer("iterations").flatten() + 1
        learns = count <= self.recompute
        channel = self._moved("channel_mean", x.mean((0, 2, 3), keepdim=True), count, learns)
        if not self.per_pixel and not self.training:
            return channel
        pixel = self._moved("mean", x.mean(0, keepdim=True), count, learns)
        if self.training:
            with torch.no_grad():
                for name, value in (("iterations", count), ("mean", pixel), ("channel_mean", channel)):
                    self.get_buffer(name).copy_(value)
        return pixel if self.per_pixel else channel

    def _moved(self, name: str, batch: Tensor, count: Tensor, learns: Tensor) -> Tensor:
        stored = self.get_buffer(name)
        return torch.where(learns, stored + (batch - stored) / count, stored)

    def extra_repr(self) -> str:
        """Crop and mean."""
        return (
            f"{self.channels}, size={self.size}, crop={self.crop}, recompute={self.recompute}, "
            f"per_pixel={self.per_pixel}, means={self.means}"
        )


def _crop(x: Tensor, count: int, axis: int) -> Tensor:
    """`count` places in the middle of an axis, half a pixel between two where that has to be."""
    size = x.shape[axis]
    place = torch.arange(count, device=x.device, dtype=torch.float32) + (size - count) / 2
    place = place.clamp(max=size - 1.05).clamp(min=0)
    first = place.floor()
    share = (place - first).to(x.dtype).reshape(-1, *(1,) * (3 - axis))
    left, right = (x.index_select(axis, (first.long() + step).clamp(max=size - 1)) for step in (0, 1))
    return left * (1 - share) + right * share
