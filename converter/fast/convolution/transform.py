"""Transforms that turn a small convolution into products number by number: Fourier's, and Toom and Cook's.

A tile of N×N inputs and a kernel of k×k give (N - k + 1)² outputs: transform both, multiply, transform back. All three
transforms are matrices, so that everything is float32 matrix products, the fastest thing a machine does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Exact = NDArray[np.float64]

POINTS = (Fraction(0), Fraction(5, 8), Fraction(-5, 8), Fraction(3, 2), Fraction(-3, 2))
"""Where `winograd` takes its polynomials: of the fractions up to 2 with denominators up to 8 those with the smallest
rounding error, less than half of that of the usual 0, ±1, ±2."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Matrices for tiles of `size`: y = back @ ((tile @ x) * (kernel @ w)) correlates x with w, all flattened.

    `tile`: (planes, size²), `kernel`: (planes, k²), `back`: (outputs², planes), outputs = size - k + 1.
    """

    tile: Matrix
    kernel: Matrix
    back: Matrix


@cache
def frequency_transform(size: int, k: int) -> Transform:
    """The matrices of a tile size and a kernel size, from one frequency of each conjugate pair.

    Overlap-save (Oppenheim and Schafer, section 8.7). With X = Xr + i Xi and W alike, X times the conjugate of W is
    (a + c) + i (a - b), where a = (Xr + Xi) Wr, b = Xr (Wr + Wi), c = Xi (Wi - Wr): three real products (Gauss). The
    four frequencies that are their own conjugates are real.
    """
    place, outputs = np.arange(size), size - k + 1
    tile: list[Exact] = []
    kernel: list[Exact] = []
    back: list[Exact] = []
    for u, v, paired in _frequencies(size):
        angle = 2 * np.pi * (u * place[:, None] + v * place) / size
        re, im = np.cos(angle), -np.sin(angle)
        wr, wi = re[:k, :k], im[:k, :k]
        cosine, sine = re[:outputs, :outputs] / size**2, -im[:outputs, :outputs] / size**2
        if not paired:
            tile, kernel, back = [*tile, re], [*kernel, wr], [*back, cosine]
            continue
        tile += [re + im, re, im]
        kernel += [wr, wr + wi, wi - wr]
        back += [2 * (cosine - sine), 2 * sine, 2 * cosine]
    flat = [np.stack(planes).reshape(len(planes), -1).astype(np.float32) for planes in (tile, kernel, back)]
    return Transform(flat[0], flat[1], np.ascontiguousarray(flat[2].T))


def _frequencies(size: int) -> list[tuple[int, int, bool]]:
    """One of each pair (u, v) and (-u, -v), and whether the two differ."""
    every = ((u, v) for u in range(size) for v in range(size))
    return [(u, v, (u, v) != (-u % size, -v % size)) for u, v in every if (u, v) <= (-u % size, -v % size)]


def frequency_planes(size: int) -> int:
    """Real products a tile of `size`×`size`: three for each pair of frequencies, one for each of the four others."""
    return 4 + 3 * (size * size - 4) // 2


@cache
def winograd(k: int = 3) -> Transform:
    """The matrices of F(4×4, k×k) for a kernel of 3×3: 36 products for 16 outputs (Lavin and Gray, arXiv 1509.09308).

    A kernel and four outputs are polynomials, evaluated at `POINTS` and at infinity (Toom and Cook); the inputs'
    transform is the transpose of the interpolation. Rows are scaled by powers of two, one side against the other, so
    that the sums of both transforms stay near 1.
    """
    outputs = len(POINTS) + 2 - k
    evaluate, interpolate = _vandermonde(outputs), _interpolation()
    kernel = _vandermonde(k) / np.array([*map(_divisor, range(len(POINTS))), 1.0])[:, None]
    scale = 2.0 ** np.round(np.log2(np.abs(interpolate).sum(axis=1, keepdims=True)))
    pair = (interpolate / scale, kernel * scale, evaluate.T)
    tile, both, back = (np.kron(matrix, matrix).astype(np.float32) for matrix in pair)
    return Transform(tile, both, np.ascontiguousarray(back))


def _vandermonde(length: int) -> Exact:
    """Powers 0 to length - 1 of every point, and infinity's row, which takes the highest: (points + 1, length)."""
    rows = [[float(point**power) for power in range(length)] for point in POINTS]
    return np.array([*rows, [0.0] * (length - 1) + [1.0]])


def _interpolation() -> Exact:
    """Coefficients of the products of (x - point), each row without its own point, the last with all."""
    count = len(POINTS)
    rows = [_coefficients([*POINTS[:own], *POINTS[own + 1 :]]) for own in range(count)]
    return np.array([[*row, 0.0] for row in rows] + [_coefficients(POINTS)])


def _coefficients(roots: Sequence[Fraction]) -> list[float]:
    """The polynomial with these roots, constant first."""
    found = [Fraction(1)]
    for root in roots:
        found = [high - root * low for high, low in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
    return [float(value) for value in found]


def _divisor(own: int) -> float:
    product = Fraction(1)
    for other, point in enumerate(POINTS):
        product *= POINTS[own] - point if other != own else 1
    return float(product)
