"""Pooling over regions of interest: a grid of bins over each box of a feature map."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class BinEdges(NamedTuple):
    """First and past-the-end position of every cell along one axis: (regions, cells) each, cut to the map."""

    first: Tensor
    end: Tensor

    def mask(self, size: int) -> Tensor:
        """(regions, cells, size): whether a position of the axis lies in the cell."""
        place = torch.arange(size, device=self.first.device)
        return (place >= self.first[..., None]) & (place < self.end[..., None])


def round_half_away(x: Tensor) -> Tensor:
    """Rounded as C's round does, halves away from zero; any shape."""
    return x.sign() * (x.abs() + 0.5).floor()


def bin_edges(start: Tensor, length: Tensor, cells: int, size: int, origin: Tensor) -> BinEdges:
    """Start and end of each region's cells, (regions, cells): `length / cells` from `start` on, outward, in 0..size."""
    step = length / cells
    number = torch.arange(cells, device=start.device, dtype=start.dtype)
    first = (number * step[:, None] + start[:, None]).floor() + origin[:, None]
    end = ((number + 1) * step[:, None] + start[:, None]).ceil() + origin[:, None]
    return BinEdges(first.clamp(0, size), end.clamp(0, size))


class RoIPool(nn.Module):
    """Maximum of each bin of a grid over a region: x (n, c, h, w), regions (r, 5) -> (r, c, rows, columns).

    A region is image, x1, y1, x2, y2. Corners are scaled by `spatial_scale`, rounded, and belong to the region, which
    has at least one position. Bins reach outward to whole positions, so neighbors may overlap; a bin outside the map
    gives 0. The first of equal maxima, row by row, gets the gradient; regions get none. How long bins are is known when
    it runs, so this cannot be part of a graph that is compiled whole.
    Source: Fast R-CNN's src/caffe/layers/roi_pooling_layer.cpp (arXiv:1504.08083, section 2.1).

        >>> RoIPool((2, 2))(torch.zeros(1, 3, 8, 8), torch.tensor([[0.0, 0, 0, 7, 7]])).shape
        torch.Size([1, 3, 2, 2])
    """

    def __init__(self, output_size: tuple[int, int], spatial_scale: float = 1.0) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, x: Tensor, regions: Tensor) -> Tensor:
        """The maxima."""
        regions = regions.detach().flatten(1)
        corners = round_half_away(regions[:, 1:5] * self.spatial_scale)
        size = (corners[:, 2:] - corners[:, :2] + 1).clamp(min=1)
        none = torch.zeros_like(size[:, 0])
        rows = bin_edges(none, size[:, 1], self.output_size[0], x.shape[2], corners[:, 1])
        columns = bin_edges(none, size[:, 0], self.output_size[1], x.shape[3], corners[:, 0])
        images = regions[:, 0].long().tolist()
        if not images:
            return x.new_zeros(0, x.shape[1], *self.output_size)
        return torch.stack([_pool_region(x[image], rows, columns, index) for index, image in enumerate(images)])

    def extra_repr(self) -> str:
        """Grid and scale."""
        return f"output_size={self.output_size}, spatial_scale={self.spatial_scale:g}"


def _pool_region(plane: Tensor, rows: BinEdges, columns: BinEdges, region: int) -> Tensor:
    """The maxima of one region, plane: (c, h, w) -> (c, rows, columns)."""
    wide = _maxima(plane, columns, region)
    return _maxima(wide.transpose(1, 2), rows, region).transpose(1, 2)


def _maxima(plane: Tensor, bins: BinEdges, region: int) -> Tensor:
    """The maximum of each bin along the last axis, 0 where a bin is empty: (c, a, size) -> (c, a, bins)."""
    first, end = bins.first[region], bins.end[region]
    longest = max(int((end - first).max()), 1)
    place = first[:, None] + torch.arange(longest, device=plane.device)
    place = torch.minimum(place, (end - 1)[:, None]).clamp(0, plane.shape[-1] - 1).long()
    best = plane[..., place].max(-1).values
    return torch.where(end > first, best, 0.0)


class PSRoIPool(nn.Module):
    """Position-sensitive mean: x (n, outputs * g * g, h, w), regions (r, 5) -> (r, outputs, g, g), g = group_size.

    Bin (i, j) of output d averages channel (d * g + i) * g + j over the bin's positions. Corners are rounded, the far
    ones moved by one, then scaled by `spatial_scale`; a region is at least 0.1 wide and high. Bins reach outward to
    whole positions; a bin outside the map gives 0. No gradient for the regions.
    Source: R-FCN's src/caffe/layers/psroi_pooling_layer.cu (daijifeng001/caffe-rfcn, arXiv:1605.06409).

        >>> PSRoIPool(2, 3)(torch.zeros(1, 18, 8, 8), torch.tensor([[0.0, 0, 0, 7, 7]])).shape
        torch.Size([1, 2, 3, 3])
    """

    def __init__(self, outputs: int, group_size: int, spatial_scale: float = 1.0) -> None:
        super().__init__()
        self.outputs, self.group_size, self.spatial_scale = outputs, group_size, spatial_scale

    def forward(self, x: Tensor, regions: Tensor) -> Tensor:
        """The means."""
        regions = regions.detach().flatten(1)
        g, h, w = self.group_size, x.shape[2], x.shape[3]
        corners = round_half_away(regions[:, 1:5])
        begin, end = corners[:, :2] * self.spatial_scale, (corners[:, 2:] + 1) * self.spatial_scale
        length = (end - begin).clamp(min=0.1)
        none = torch.zeros_like(length[:, 0])
        rows = bin_edges(begin[:, 1], length[:, 1], g, h, none).mask(h).to(x.dtype)
        columns = bin_edges(begin[:, 0], length[:, 0], g, w, none).mask(w).to(x.dtype)
        area = rows.sum(-1)[:, :, None] * columns.sum(-1)[:, None, :]
        maps = x.reshape(x.shape[0], self.outputs, g, g, h, w)
        y = x.new_zeros(regions.shape[0], self.outputs, g, g)
        image = regions[:, 0].long()
        for index in range(x.shape[0]):
            mine = image == index
            sums = torch.einsum("oijhw,rjw->roijh", maps[index], columns[mine])
            y = y.index_put((mine.nonzero()[:, 0],), torch.einsum("roijh,rih->roij", sums, rows[mine]))
        return y / area.clamp(min=1)[:, None]

    def extra_repr(self) -> str:
        """Outputs, grid and scale."""
        return f"{self.outputs}, group_size={self.group_size}, spatial_scale={self.spatial_scale:g}"
