"""Statistics of layers that normalize, for a net that is verified without its weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from converter.formats.weights.stored import StoredWeights
from converter.layers.layer import Blob
from converter.plan.plan import Plan
from converter.plan.weights import Matched

Array: TypeAlias = "np.ndarray[Any, Any]"


def with_statistics(weights: Matched, plan: Plan, stored: StoredWeights | None) -> Matched:
    """Means from -1 to 1 and variances from 0.5 to 2 over the channels, and a note, where there is no file of weights.

    Caffe begins with zeros. Such a layer multiplies by 1 / sqrt(eps), so that after a dozen of them no number is finite
    in float32: two programs cannot be compared by that.
    """
    if stored is not None:
        return weights
    arrays, changed = dict(weights.arrays), 0
    for step in plan.steps:
        blobs = step.operator.blobs
        if step.key in weights.filled and any(blob.name == "running_var" for blob in blobs):
            arrays[step.key] = tuple(map(_statistic, blobs, arrays[step.key]))
            changed += 1
    if not changed:
        return weights
    which = "1 layer that normalizes are" if changed == 1 else f"{changed} layers that normalize are"
    text = (
        f"the statistics of {which} stand-ins: means -1 to 1, variances 0.5 to 2 (Caffe's zeros let numbers overflow)"
    )
    return replace(weights, arrays=arrays, notes=(*weights.notes, text))


def _statistic(blob: Blob, filled: Array) -> Array:
    """A blob of a layer that normalizes: its statistics over the channels, all else as it was filled."""
    ends = {"running_mean": (-1, 1), "running_var": (0.5, 2), "scale_factor": (1, 1)}.get(blob.name)
    if ends is None:
        return filled
    return np.linspace(*ends, filled.size, dtype=np.float32).reshape(filled.shape)
