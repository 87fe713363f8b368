"""What of the goldens made again differs from the stored ones, array by array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

FORWARD = 2e-5
"""Of a blob's largest magnitude: what another BLAS may differ by."""
GRADIENT = 5e-5
_GRADIENTS = ("dgrad", "wgrad", "iter1", "iter5", "iter12", "loss")
_EXACT = ("in", "seed", "init", "shape")
_LABELS = ("argmax", "labels")
_TIES = 1e-5
"""Of the pixels: two classes may be equally probable but for a rounding."""
_NOISY_IDENTITIES = ("weight:09", "weight:10", "weight:11")


def differences(stored: Path, made: Path) -> Iterator[str]:
    """A line for every npz that is missing and every array that differs; nothing where all agree."""
    for path in sorted(stored.glob("*.npz")):
        if not (made / path.name).exists():
            yield f"{path.name}: not made"
            continue
        with np.load(path) as wanted, np.load(made / path.name) as seen:
            for key in wanted.files:
                told = _difference(key, wanted[key], seen[key]) if key in seen.files else "missing"
                if told:
                    yield f"{path.name}: {key}: {told}"


def _difference(key: str, wanted: np.ndarray, seen: np.ndarray) -> str:
    """In words, or nothing."""
    kind = key.partition(":")[0]
    if wanted.shape != seen.shape:
        return f"shape {seen.shape}, stored {wanted.shape}"
    if kind == "stats" or key in _NOISY_IDENTITIES:
        return _by_statistics(kind, wanted, seen)
    if kind == "rowsum" or wanted.dtype.kind not in "fiub":
        return ""
    if kind in (*_EXACT, *_LABELS):
        count = int((wanted != seen).sum())
        allowed = _TIES * wanted.size if kind in _LABELS else 0
        return f"{count} of {wanted.size} values differ" if count > allowed else ""
    scale = float(np.abs(wanted).max()) or 1.0 if wanted.size else 1.0
    error = float(np.abs(seen.astype(np.float64) - wanted).max()) / scale if wanted.size else 0.0
    limit = GRADIENT if kind in _GRADIENTS else FORWARD
    return "" if error <= limit else f"off by {error:.2g} of its scale, more than {limit:.0e}"


def _by_statistics(kind: str, wanted: np.ndarray, seen: np.ndarray) -> str:
    """Random draws: the mean within six standard errors, the deviation within a tenth."""
    if kind == "stats":
        (mean, deviation), (mean_seen, deviation_seen), count = wanted[:2], seen[:2], 48 * 32 * 15
    else:
        mean, deviation, mean_seen, deviation_seen = wanted.mean(), wanted.std(), seen.mean(), seen.std()
        count = wanted.size
    slack = 9 * deviation / np.sqrt(count) + 1e-6
    if abs(mean - mean_seen) > slack or abs(deviation - deviation_seen) > 0.1 * deviation + 1e-6:
        return f"mean {mean_seen:.4g}, deviation {deviation_seen:.4g}; stored {mean:.4g}, {deviation:.4g}"
    return ""
