"""Compares two sets of blobs, in net order, and names the first that diverges.

The tolerance of a blob is `base` sqrt(1 + s) of its largest magnitude, s the number of summing layers above it (see
reference.lineage): roundings of layers in a row are independent, so their errors add like a random walk. Behind a
softmax (or another exponential, or a tanh) an absolute error of the exponent is a relative error of the power, so there
the tolerance is multiplied by the exponent's largest magnitude, if that is above 1. `base` 4e-6 is 34 roundings of a
float32 (2^-23), which sums of up to some 25,000 products need; a flipped exponent bit of a weight that matters moves
its channel by far more. Values that are not finite must agree exactly, and shapes too; a blob that only one side has
never passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reference.errors import ComparisonError
from reference.layer import Array
from reference.lineage import Lineage
from reference.names import printable

BASE = 4e-6
_CLASS_AXIS = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One blob compared; figures that make no sense (shapes differ, a side is missing) are NaN.

    Attributes:
        blob: the blob's name.
        shape: the expected shape, or the actual one where nothing was expected.
        difference: the largest absolute difference.
        relative: that over the largest magnitude of the expected blob.
        rms: the L2 norm of the difference over that of the expected blob.
        position: where the largest difference is.
        agreement: share of positions with the same arg-max along axis 1, for blobs named as ends; else None.
        tolerance: what `relative` may be.
        passed: the verdict.
        reason: in words, why it did not pass.
    """

    blob: str
    shape: tuple[int, ...]
    difference: float
    relative: float
    rms: float
    position: tuple[int, ...]
    agreement: float | None
    tolerance: float
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows in net order."""

    rows: tuple[Row, ...]

    @property
    def passed(self) -> bool:
        """Whether every blob passed."""
        return all(row.passed for row in self.rows)

    @property
    def first_divergence(self) -> Row | None:
        """The first row, in net order, that did not pass."""
        return next((row for row in self.rows if not row.passed), None)

    @property
    def worst(self) -> Row:
        """The row that uses most of its tolerance; one without figures counts as worst of all."""
        return max(self.rows, key=lambda row: math.inf if math.isnan(row.relative) else row.relative / row.tolerance)

    def table(self) -> str:
        """The rows as plain text, one line a blob."""
        return format_table(self)


def tolerance(line: Lineage, exponent_scale: float, base: float = BASE) -> float:
    """The rule of this module's docstring; `exponent_scale` is the largest magnitude of the blob's exponent."""
    return base * math.sqrt(1 + line.sums) * (max(1.0, exponent_scale) if line.exponent else 1.0)


def _scale(blob: Array) -> float:
    finite = np.abs(blob[np.isfinite(blob)])
    return float(finite.max()) if finite.size else 0.0


def _agreement(expected: Array, actual: Array) -> float | None:
    if expected.ndim <= _CLASS_AXIS or expected.size == 0:
        return None
    return float((expected.argmax(_CLASS_AXIS) == actual.argmax(_CLASS_AXIS)).mean())


def _failed_row(name: str, shape: tuple[int, ...], limit: float, reason: str) -> Row:
    return Row(name, shape, math.nan, math.nan, math.nan, (), None, limit, passed=False, reason=reason)


def _row(name: str, expected: Array, actual: Array, limit: float, *, is_end: bool) -> Row:
    if expected.shape != actual.shape:
        return _failed_row(name, expected.shape, limit, f"shape {actual.shape}, expected {expected.shape}")
    if expected.size == 0:
        return Row(name, expected.shape, 0.0, 0.0, 0.0, (), None, limit, passed=True)
    finite = np.isfinite(expected)
    odd = ~np.where(finite, np.isfinite(actual), (expected == actual) | (np.isnan(expected) & np.isnan(actual)))
    if odd.any():
        place = tuple(int(index) for index in np.argwhere(odd)[0])
        return _failed_row(name, expected.shape, limit, f"{actual[place]} at {place}, expected {expected[place]}")
    gap = np.zeros(expected.shape)
    np.subtract(actual, expected, out=gap, where=finite)
    flat = int(np.abs(gap).argmax())
    difference = float(np.abs(gap).ravel()[flat])
    scale, norm = _scale(expected), float(np.linalg.norm(expected[finite]))
    relative = difference / scale if scale else (math.inf if difference else 0.0)
    rms = float(np.linalg.norm(gap)) / norm if norm else (math.inf if difference else 0.0)
    passed = relative <= limit
    position = tuple(int(index) for index in np.unravel_index(flat, expected.shape))
    reason = "" if passed else f"off by {relative:.3g} of its scale, tolerance {limit:.3g}"
    share = _agreement(expected, actual) if is_end else None
    return Row(name, expected.shape, difference, relative, rms, position, share, limit, passed, reason)


def _array(name: str, value: ArrayLike) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ComparisonError(f"blob {name!r} is no array of numbers but of {array.dtype}")
    return array if array.dtype == np.float64 else array.astype(np.float64)


def compare(
    expected: Mapping[str, ArrayLike],
    actual: Mapping[str, ArrayLike],
    order: Sequence[str] | None = None,
    *,
    ends: Iterable[str] = (),
    lines: Mapping[str, Lineage] | None = None,
    base: float = BASE,
) -> Comparison:
    """Two sets of blobs -> one row a blob.

    Args:
        expected: blob name -> array; the oracle's, or Caffe's own.
        actual: blob name -> array; what is being checked.
        order: the names in net order (such as `net.blobs`), by default expected's; names on neither side are skipped.
        ends: blobs whose arg-max along axis 1 is counted too (such as `net.outputs`).
        lines: from `reference.lineage.lineage`; without it, each blob counts as one sum deeper than the one before.
        base: relative tolerance of a single sum; see the module's docstring. 8e-3 suits bfloat16.

    Raises:
        ComparisonError: where there is nothing to compare, or a blob is no array of numbers.
    """
    names = [*(expected if order is None else order)]
    names = [name for name in dict.fromkeys([*names, *expected, *actual]) if name in expected or name in actual]
    if not names:
        raise ComparisonError("both sides are empty; there is nothing to compare")
    end_names = set(ends)
    rows = []
    for depth, name in enumerate(names):
        line = Lineage(depth) if lines is None else lines.get(name, Lineage(depth))
        source = expected.get(line.exponent) if line.exponent else None
        limit = tolerance(line, _scale(_array(name, source)) if source is not None else 1.0, base)
        if name not in actual or name not in expected:
            shape = np.shape(expected[name] if name in expected else actual[name])
            side = "missing" if name in expected else "extra, nothing was expected"
            rows.append(_failed_row(name, shape, limit, side))
            continue
        pair = _array(name, expected[name]), _array(name, actual[name])
        rows.append(_row(name, *pair, limit, is_end=name in end_names))
    return Comparison(tuple(rows))


def format_table(comparison: Comparison) -> str:
    """One line a blob: shape, largest difference, relative, RMS, where, arg-max agreement, tolerance, verdict."""
    head = ("blob", "shape", "max|diff|", "relative", "rms", "worst at", "arg-max", "tolerance", "verdict")
    lines: list[tuple[str, ...]] = [head]
    for row in comparison.rows:
        lines.append((
            printable(row.blob),
            "x".join(map(str, row.shape)) or "-",
            *(f"{value:.2e}" for value in (row.difference, row.relative, row.rms)),
            ",".join(map(str, row.position)) or "-",
            "-" if row.agreement is None else f"{row.agreement:.4%}",
            f"{row.tolerance:.1e}",
            "ok" if row.passed else f"FAIL: {row.reason}",
        ))  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=False)] + [line[-1]] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
