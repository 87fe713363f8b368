"""Spatial transformers: an image read through an affine map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.flow import pick_pixels


class SpatialTransformer(nn.Module):
    """image (n, c, h, w) and theta (n, k) -> (n, c, *size): each output place's map into the image, bilinear.

    Places are (row, column, 1), each axis from -1 on in steps of 2 over its size, so that the far end is not reached;
    theta's rows give the image's row and column likewise, and the image's position is (that + 1) / 2 times its size.
    `fixed` holds numbers in the places of theta that are not given, None in those of the k that are. Pixels outside
    count as 0. Without `image_gradient` only theta has a gradient.
    Source: daerduoCarey/SpatialTransformerLayer, src/caffe/layers/st_layer.cpp and .cu (arXiv:1506.02025).

        >>> SpatialTransformer((1, 2))(torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[1.0, 0, 0, 0, 1, 0.5]])).tolist()
        [[[[2.0, 1.5]]]]
    """

    def __init__(
        self, size: tuple[int, int], fixed: Sequence[float | None] = (None,) * 6, image_gradient: bool = True
    ) -> None:
        super().__init__()
        self.size, self.fixed, self.image_gradient = size, tuple(fixed), image_gradient

    def forward(self, image: Tensor, theta: Tensor) -> Tensor:
        """What the map reads."""
        flat = theta.flatten(1)
        given = iter(flat.unbind(1))
        whole = [next(given) if number is None else torch.full_like(flat[:, 0], number) for number in self.fixed]
        rows, columns = (
            torch.arange(count, device=image.device, dtype=image.dtype) / count * 2 - 1 for count in self.size
        )
        maps = torch.stack(whole, 1).reshape(-1, 2, 3, 1, 1)
        place = maps[:, :, 0] * rows[:, None] + maps[:, :, 1] * columns + maps[:, :, 2]
        # torch counts from the edges of pixels, the source from their centers: half a pixel apart
        grid = torch.stack([place[:, 1] + 1 / image.shape[3], place[:, 0] + 1 / image.shape[2]], 3)
        return F.grid_sample(image if self.image_gradient else image.detach(), grid, align_corners=False)

    def extra_repr(self) -> str:
        """Size and fixed numbers."""
        return f"size={self.size}, fixed={self.fixed}, image_gradient={self.image_gradient}"


class AffineTransform(nn.Module):
    """image (n, c, h, w) and theta (n, 6) -> (n, c, *size): theta's columns, then its rows, of places (x, y, 1).

    Each axis of the output and of the image runs from -1 to 1, from its first pixel's center to its last's. A position
    is cut towards 0 to a whole pixel; its fraction, below 0 where the position is, is what the next pixel counts, and
    the rest of 1 what this one does. Pixels outside count as 0. `size`: 2 or more each way. Both get the derivative as
    gradient. The source's .cpp gives theta one only where the image gets one too; its .cu squares a factor in that of
    theta's second number, and goes over as many outputs as the image has numbers.
    Source: chenxistephen/caffe_msra, src/caffe/layers/affine_transform_layer.cpp (arXiv:1506.02025).

        >>> image = torch.tensor([[[[1.0, 2.0, 4.0]]]])
        >>> AffineTransform((2, 3))(image, torch.tensor([[0.5, 0, 0, 0, 0, 0]]))[0, 0, 0].tolist()
        [1.5, 2.0, 3.0]
    """

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor, theta: Tensor) -> Tensor:
        """What the map reads."""
        maps = theta.reshape(-1, 2, 3, 1, 1)
        y, x = (
            torch.arange(count, device=image.device, dtype=image.dtype) / (count - 1) * 2 - 1 for count in self.size
        )
        place = (maps[:, :, 0] * x + maps[:, :, 1] * y[:, None] + maps[:, :, 2] + 1) / 2
        columns = self._neighbors(place[:, 0] * (image.shape[3] - 1), image.shape[3])
        rows = self._neighbors(place[:, 1] * (image.shape[2] - 1), image.shape[2])
        read = [
            pick_pixels(image, row, column) * (high * wide)[:, None] for row, high in rows for column, wide in columns
        ]
        return read[0] + read[1] + read[2] + read[3]

    def _neighbors(self, position: Tensor, count: int) -> list[tuple[Tensor, Tensor]]:
        """The pixel that a position (n, h, w) is cut to and the next one, each with how much it counts."""
        first = position.detach().trunc()
        share = position - first
        found = []
        for pixel, weight in ((first, 1 - share), (first + 1, share)):
            inside = (pixel >= 0) & (pixel < count)
            found.append((torch.where(inside, pixel, 0.0).long(), weight * inside))
        return found

    def extra_repr(self) -> str:
        """The size."""
        return f"size={self.size}"


class CropTheta(nn.Module):
    """(n, 4, ...) of a column's scale and shift, a row's scale and shift -> AffineTransform's theta (n, 6).

    Source: chenxistephen/caffe_msra, src/caffe/layers/affine_mat_conversion_layer.cpp, RECT_CROP.

        >>> CropTheta()(torch.tensor([[0.5, 0.25, 0.75, -0.25]])).tolist()
        [[0.5, 0.0, 0.25, 0.0, 0.75, -0.25]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """The six numbers."""
        column, right, row, down = x.flatten(1).unbind(1)
        none = torch.zeros_like(column)
        return torch.stack([column, none, right, none, row, down], 1)
