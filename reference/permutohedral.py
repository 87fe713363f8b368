"""Gaussian filtering of values at points of a d-dimensional space, on the permutohedral lattice, in plain numpy.

Source: Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice", Eurographics 2010,
sections 3 and 4: the points are lifted onto the plane of sum zero in d + 1 dimensions, each is written as a mean of the
d + 1 corners of its simplex, the corners exchange values along each direction, and the points read them back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _lifted(points: Floats) -> Floats:
    """(n, d) -> (n, d + 1), each of sum 0; scaled so that the blur below has unit variance."""
    count, d = points.shape
    lifted = np.zeros((count, d + 1))
    total = np.zeros(count)
    for axis in range(d, 0, -1):
        scaled = points[:, axis - 1] * (np.sqrt(2 / 3) * (d + 1) / np.sqrt(axis * (axis + 1)))
        lifted[:, axis] = total - axis * scaled
        total = total + scaled
    lifted[:, 0] = total
    return lifted


def _corners(lifted: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The corners of each point's simplex, (n, d + 1, d + 1), and its barycentric coordinates, (n, d + 1)."""
    size = lifted.shape[1]
    origin = (np.round(lifted / size) * size).astype(np.int64)
    order = np.argsort(-(lifted - origin), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(size)[None], axis=1)
    rank += origin.sum(axis=1, keepdims=True) // size
    origin += size * ((rank < 0).astype(np.int64) - (rank >= size))
    rank %= size
    offsets = np.empty_like(lifted)
    np.put_along_axis(offsets, rank, lifted - origin, axis=1)
    shares = np.empty_like(lifted)
    shares[:, 1:] = (offsets[:, -2::-1] - offsets[:, :0:-1]) / size
    shares[:, 0] = 1 - (offsets[:, 0] - offsets[:, -1]) / size
    steps = np.arange(size)[:, None]
    corners = origin[:, None] + np.where(rank[:, None] < size - steps, steps, steps - size)
    return corners, shares


class Lattice:
    """The lattice around some points.

    Args:
        points: (n, d), each column in units of the Gaussian's deviation.
    """

    def __init__(self, points: Floats) -> None:
        corners, self.shares = _corners(_lifted(points))
        self.size = corners.shape[2]
        rows, places = np.unique(corners.reshape(-1, self.size), axis=0, return_inverse=True)
        self.places = places.reshape(self.shares.shape)
        numbers = {row.tobytes(): number for number, row in enumerate(rows)}
        self.pairs = []
        for axis in range(self.size):
            step = np.ones(self.size, np.int64)
            step[axis] -= self.size
            ends = [[numbers.get(row.tobytes(), len(rows)) for row in moved] for moved in (rows + step, rows - step)]
            self.pairs.append(np.array(ends))
        self.count = len(rows)

    def filter(self, values: Floats) -> Floats:
        """Values (n, c) -> (n, c): about the sum over all points, weighed by exp(-distance^2 / 2)."""
        held = np.zeros((self.count + 1, values.shape[1]))
        for corner in range(self.size):
            np.add.at(held, self.places[:, corner], self.shares[:, corner : corner + 1] * values)
        for one, other in self.pairs:
            held[:-1] = held[:-1] + (held[one] + held[other]) / 2
        read = sum(self.shares[:, k : k + 1] * held[self.places[:, k]] for k in range(self.size))
        return np.asarray(read / (1 + 2.0 ** (1 - self.size)))
