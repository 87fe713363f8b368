"""The spatial transformer: an image read through an affine map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


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
