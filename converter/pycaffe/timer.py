"""`caffe.Timer`: a stopwatch in milliseconds.

Source: include/caffe/util/benchmark.hpp.
"""

from __future__ import annotations

from time import perf_counter

import torch


class Timer:
    """Measures between `start` and `stop`, once a GPU has done what it was given."""

    def __init__(self) -> None:
        self._begin = self._end = 0.0

    def start(self) -> None:
        """Begin to measure."""
        self._begin = _now()

    def stop(self) -> None:
        """End to measure."""
        self._end = _now()

    @property
    def ms(self) -> float:
        """Milliseconds between the two."""
        return (self._end - self._begin) * 1000


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return perf_counter()
