"""Picks the fastest of several algorithms for a convolution by trial: it differs by card, type and shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from converter.fast.convolution.filter import Algorithm

_TRIALS = 3
_APART = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 5e-3}
"""Largest difference from the first algorithm's output, relative to its largest number, that is accepted."""
_TF32 = 2e-3


class AutotunedConvolution:
    """Runs the fastest of its algorithms, timed at the first input of a size; sizes are told apart by powers of two.

    An algorithm that fails, or returns something else than the first one, is out. `chosen` tells what was found:
    by the input's positions (as a power of two), the algorithm's name.
    """

    def __init__(
        self,
        makers: Mapping[str, Callable[[], Algorithm]],
        tolerance: float,
        timed: Callable[[Algorithm, Tensor], float] | None = None,
    ) -> None:
        self._makers, self._tolerance = dict(makers), tolerance
        self._timed = timed or seconds_on_cuda
        self._algorithms: dict[str, Algorithm] = {}
        self.chosen: dict[int, str] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        size = (x.shape[0] * x.shape[2] * x.shape[3]).bit_length()
        if size not in self.chosen:
            self._choose_fastest(x, size)
        return self._algorithms[self.chosen[size]](x)

    def _choose_fastest(self, x: Tensor, size: int) -> None:
        """Try every algorithm; weights packed for slower algorithms are freed."""
        first, *others = self._makers
        trial = {first: self._algorithms.get(first) or self._makers[first]()}
        wanted = trial[first](x)
        times = {first: self._timed(trial[first], x)}
        for name in others:
            algorithm = self._algorithms.get(name) or self._makers[name]()
            if self._agrees(algorithm, x, wanted):
                trial[name], times[name] = algorithm, self._timed(algorithm, x)
        best = min(times, key=lambda name: times[name])
        self._algorithms[best], self.chosen[size] = trial[best], best

    def _agrees(self, algorithm: Algorithm, x: Tensor, wanted: Tensor) -> bool:
        try:
            difference = (algorithm(x).float() - wanted.float()).abs().max()
        except RuntimeError:  # cuDNN's and CUDA's own refusals, out of memory among them
            return False
        return bool(difference <= self._tolerance * wanted.float().abs().max())


def tolerance(dtype: torch.dtype, tf32: bool) -> float:
    """How far algorithms may differ in a type, by the output's largest number."""
    return _TF32 if tf32 and dtype == torch.float32 else _APART[dtype]


def seconds_on_cuda(algorithm: Algorithm, x: Tensor) -> float:
    """Seconds of a run on x (n, c, h, w) on its CUDA device: the least of a few, after one that does not count."""
    algorithm(x)
    times: list[float] = []
    for _ in range(_TRIALS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        algorithm(x)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1000)
    return min(times)
