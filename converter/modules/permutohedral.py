"""High-dimensional Gaussian filtering on the permutohedral lattice.

Source: Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice", Eurographics 2010:
points are interpolated onto the corners of simplices (splat), corners are blurred with [1 2 1] along each lattice
direction, and points read their corners again (slice). The cost is linear in the number of points.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


class PermutohedralLattice:
    """Filters values at n points of a d-dimensional space: `lattice.filter(values)` ≈ sum_j exp(-|f_i - f_j|²/2) v_j.

    Each point counts itself. The sum's scale is that of the lattice's own kernel, so divide by `filter` of ones, as
    every use does. Memory: about 12 (d + 1) bytes a point, and 8 (d + 1) a lattice corner.

    Args:
        features: (n, d) each column divided by its standard deviation, half floats taken as float32; d from 1 to 8.

        >>> lattice = PermutohedralLattice(torch.tensor([[0.0, 0.0], [0.1, 0.0], [50.0, 50.0]]))
        >>> blurred = lattice.filter(torch.tensor([[1.0], [1.0], [5.0]]))
        >>> (blurred / lattice.filter(torch.ones(3, 1))).round().flatten().tolist()
        [1.0, 1.0, 5.0]
    """

    def __init__(self, features: Tensor) -> None:
        keys, self._weights = _simplices(features.float() if features.dtype.itemsize < 4 else features)
        corners, number = _unique_rows(keys.flatten(0, 1))
        self._corner_of = number.view(keys.shape[:2])
        self._count = len(corners)
        self._neighbors = _neighbors(corners)
        self._order = number.argsort(stable=True)
        counts = torch.bincount(number, minlength=self._count)
        self._starts = counts.cumsum(0) - counts

    def filter(self, values: Tensor) -> Tensor:
        """The filtered values: (n, c) → (n, c) of their type, computed in the features'; differentiable in `values`."""
        dimensions = self._weights.shape[1] - 1
        lattice = F.pad(
            self._splat(values.to(self._weights.dtype)), (0, 0, 0, 1)
        )  # the last row: corners that no point touches
        for before, behind in self._neighbors:
            blurred = lattice[:-1] + 0.5 * (lattice.index_select(0, before) + lattice.index_select(0, behind))
            lattice = F.pad(blurred, (0, 0, 0, 1))
        sliced = F.embedding_bag(self._corner_of, lattice, per_sample_weights=self._weights, mode="sum")
        return (sliced / (1 + 2.0**-dimensions)).to(values.dtype)

    def _splat(self, values: Tensor) -> Tensor:
        """The values at each corner, (corners, c): sums over the points around it, by their shares."""
        points = self._order // self._weights.shape[1]
        shares = self._weights.flatten()[self._order]
        return F.embedding_bag(points, values, self._starts, per_sample_weights=shares, mode="sum")


def _simplices(features: Tensor) -> tuple[Tensor, Tensor]:
    """Each point's simplex: its corners' lattice coordinates (n, d + 1, d) int64, and its shares in them (n, d + 1)."""
    n, d = features.shape
    elevated = _elevate(features)
    base = (elevated / (d + 1)).round() * (d + 1)  # the nearest point whose coordinates are multiples of d + 1
    rank = _ranks(elevated - base)
    rank = rank + (base.sum(1, keepdim=True) / (d + 1)).round().long()  # back onto the plane of sum 0
    wrap = (rank < 0).long() - (rank > d).long()
    rank, base = rank + wrap * (d + 1), base + wrap * (d + 1)
    share = (elevated - base) / (d + 1)
    weights = features.new_zeros(n, d + 2)
    weights.scatter_add_(1, d - rank, share).scatter_add_(1, d + 1 - rank, -share)
    weights = torch.cat([weights[:, :1] + 1 + weights[:, d + 1 :], weights[:, 1 : d + 1]], dim=1)
    corner = torch.arange(d + 1, device=features.device)[:, None]
    canonical = torch.where(d - corner >= corner.T, corner, corner - d - 1)  # (corner, rank)
    keys = base.long()[:, None, :d] + canonical[:, rank[:, :d]].transpose(0, 1)
    return keys, weights.contiguous()


def _ranks(x: Tensor) -> Tensor:
    """Each number's place in its row, descending, of equal ones the first first; cheaper than sorting twice."""
    greater = x[:, None, :] > x[:, :, None]
    equal = (x[:, None, :] == x[:, :, None]).tril(-1)
    return (greater | equal).sum(2)


def _elevate(features: Tensor) -> Tensor:
    """The points on the plane of sum 0 in d + 1 dimensions, scaled so that the blur has unit variance: (n, d + 1)."""
    d = features.shape[1]
    number = torch.arange(1, d + 1, device=features.device, dtype=features.dtype)
    scaled = features * ((2 / 3) ** 0.5 * (d + 1)) / (number * (number + 1)).sqrt()
    tails = scaled.flip(1).cumsum(1).flip(1)  # tails[:, i]: sum of scaled[:, i:]
    return torch.cat([tails[:, :1], F.pad(tails[:, 1:], (0, 1)) - number * scaled], dim=1)


def _unique_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The different rows of an int64 matrix, and each row's number among them."""
    low, strides = _packing(rows)
    _, number = torch.unique(((rows - low) * strides).sum(1), return_inverse=True)
    corners = rows.new_zeros(int(number.max()) + 1, rows.shape[1])
    corners[number] = rows
    return corners, number


def _packing(rows: Tensor) -> tuple[Tensor, Tensor]:
    """What packs a row and its neighbors into one number, in the order of `torch.unique`: lows, and strides."""
    margin = rows.shape[1] + 1
    low = rows.amin(0) - margin
    spans = (rows.amax(0) + margin - low + 1).tolist()
    strides = [1]
    for span in spans[:-1]:
        strides.append(strides[-1] * span)
    if strides[-1] * spans[-1] >= 2**62:
        raise ValueError(f"features span {spans} lattice steps, more than 2**62 together; take larger deviations")
    return low, torch.tensor(strides, device=rows.device)


def _neighbors(corners: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Numbers of the corners one step before and behind each one, by direction; `len(corners)` where there is none."""
    d = corners.shape[1]
    low, strides = _packing(corners)
    packed = ((corners - low) * strides).sum(1)
    result = []
    for direction in range(d + 1):
        step = torch.ones(d, dtype=torch.long, device=corners.device)
        if direction < d:
            step[direction] = -d
        shift = (step * strides).sum()
        result.append((_find(packed, packed - shift), _find(packed, packed + shift)))
    return result


def _find(known: Tensor, wanted: Tensor) -> Tensor:
    """The place of each wanted number among the sorted known ones; `len(known)` where it is not there."""
    place = torch.searchsorted(known, wanted).clamp(max=len(known) - 1)
    return torch.where(known[place] == wanted, place, len(known))
