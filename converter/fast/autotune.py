"""Several forms of one convolution, the fastest found by trial: which one that is differs by card, type and shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from converter.fast.convolution.filter import Algorithm

_TRIALS = 3
_APART = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 5e-3}
"""Largest difference from the first form's answer, by its largest number, at which a form is still believed."""
_TF32 = 2e-3


class AutotunedConvolution:
    """Runs the fastest of its forms, tried out at the first input of a size; sizes are told apart by powers of two.

    A form that fails, or answers something else than the first one, is out. `chosen` tells what was found:
    by the input's positions (as a power of two), the form's name.
    """

    def __init__(
        self,
        makers: Mapping[str, Callable[[], Algorithm]],
        tolerance: float,
        timed: Callable[[Algorithm, Tensor], float] | None = None,
    ) -> None:
        self._makers, self._tolerance = dict(makers), tolerance
        self._timed = timed or seconds_on_cuda
        self._forms: dict[str, Algorithm] = {}
        self.chosen: dict[int, str] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        size = (x.shape[0] * x.shape[2] * x.shape[3]).bit_length()
        if size not in self.chosen:
            self._choose(x, size)
        return self._forms[self.chosen[size]](x)

    def _choose(self, x: Tensor, size: int) -> None:
        """Try every form; weights that only slower forms laid out are let go."""
        first, *others = self._makers
        trial = {first: self._forms.get(first) or self._makers[first]()}
        wanted = trial[first](x)
        times = {first: self._timed(trial[first], x)}
        for name in others:
            form = self._forms.get(name) or self._makers[name]()
            if self._agrees(form, x, wanted):
                trial[name], times[name] = form, self._timed(form, x)
        best = min(times, key=lambda name: times[name])
        self._forms[best], self.chosen[size] = trial[best], best

    def _agrees(self, form: Algorithm, x: Tensor, wanted: Tensor) -> bool:
        try:
            difference = (form(x).float() - wanted.float()).abs().max()
        except RuntimeError:  # cuDNN's and CUDA's own refusals, out of memory among them
            return False
        return bool(difference <= self._tolerance * wanted.float().abs().max())


def tolerance(dtype: torch.dtype, tf32: bool) -> float:
    """How far forms may differ in a type, by the answer's largest number."""
    return _TF32 if tf32 and dtype == torch.float32 else _APART[dtype]


def seconds_on_cuda(form: Algorithm, x: Tensor) -> float:
    """A run's time on the current device, the fastest of a few, after one that does not count."""
    form(x)
    times: list[float] = []
    for _ in range(_TRIALS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        form(x)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1000)
    return min(times)
