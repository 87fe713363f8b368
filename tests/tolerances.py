"""How far two programs may be apart, each figure with its reason: the one table of the ladder's tolerances."""

from typing import Final

import numpy as np

EXACT: Final = 0.0
"""Whole numbers below 2^53: sums and products are exact in float64, in any order."""

DOUBLE: Final = 1e-12
"""Share of a blob's largest magnitude in float64: 4500 roundings of 2^-52, room for any order of summing a few hundred
terms, while an error in meaning is larger by ten orders."""

COARSE: Final = 1e-6
"""Share of a blob's largest magnitude where the oracle itself computes in float32: 17 of its roundings of 2^-24."""

UNIT: Final = 2.0**-24
"""Unit roundoff of float32: the relative error of one operation."""

FEW: Final = 24
"""Operations in a row of a layer that is no long sum (differences, quotients, roots; torch's own exp and log are good
to 1 or 2 units)."""

GRADIENT_STEP: Final = 1e-6
"""Step of the numerical derivative in float64: its error is step² + 2^-52 / step, some 1e-10 of the value."""

GRADIENT: Final = {"eps": GRADIENT_STEP, "atol": 1e-6, "rtol": 1e-4}
"""Caffe's own gradient checker asks for 1e-2 to 1e-3; this is what central differences in float64 can tell."""


def single(products: int, magnitude: float) -> float:
    """The absolute error that float32 may show: (products + FEW) UNIT magnitude.

    A sum of n products in any order is off by at most n UNIT / (1 - n UNIT) times the sum of their magnitudes (Higham
    2002, equation 3.5); `magnitude` is the largest such sum, and n UNIT is far below 1 here.
    """
    return (products + FEW) * UNIT * magnitude


def scaled(difference: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of the largest expected magnitude, or itself where all that is below 1."""
    largest = np.nanmax(np.abs(expected), initial=0)
    return float(np.abs(difference).max(initial=0) / max(float(largest), 1.0))
