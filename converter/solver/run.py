"""A solver.prototxt from its first iteration, or a snapshot's, to its last: data layers read, snapshots written.

Source: src/caffe/solver.cpp (Solve, Step).
"""

from __future__ import annotations

import math
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from converter.data.caffe_layers import LayerReader, layer_data
from converter.errors import TrainingError
from converter.solver.solver import Solver
from converter.solver.test_nets import Score, TestNet, test_nets

Report = Callable[[int, float, float], None]
"""Called with the iteration, the smoothed loss and the rate."""
Tested = Callable[[int, int, list[Score]], None]
"""Called with the iteration, the test net's number and its scores."""


@dataclass(slots=True)
class Session:
    """A solver with the data layers of its net; `saved` lists the files written."""

    solver: Solver
    saved: list[str] = field(default_factory=list)
    _stop: bool = False

    def solve(self, report: Report = lambda *_: None, tested: Tested = lambda *_: None) -> bool:
        """Train to max_iter; False where SIGTERM came first (a snapshot is written then).

        Raises:
            TrainingError: the loss is no number, or the net has inputs that no data layer fills.
            ConversionError: data that do not read, snapshots that cannot be written.
        """
        solver, settings = self.solver, self.solver.settings
        sources, tests = self._sources(), test_nets(settings, solver.net)
        losses: deque[float] = deque(maxlen=max(1, settings.average_loss))
        with self._stop_on_sigterm(), ThreadPoolExecutor(1) as ahead:
            first = solver.iteration * settings.iter_size
            stream = _read_ahead(ahead, sources, first, (settings.max_iter - solver.iteration) * settings.iter_size)
            while solver.iteration < settings.max_iter and not self._stop:
                self._test(tests, tested, first=settings.test_initialization)
                losses.append(solver.step(lambda: self._to_device(next(stream))))
                self._check(losses[-1])
                report(solver.iteration, sum(losses) / len(losses), solver.rate)
                if settings.snapshot and solver.iteration % settings.snapshot == 0:
                    self.saved.extend(solver.snapshot())
        if not self._stop:
            self._test(tests, tested)
        due = settings.snapshot_after_train or self._stop
        if due and not (settings.snapshot and solver.iteration % settings.snapshot == 0):
            self.saved.extend(solver.snapshot())
        return solver.iteration >= settings.max_iter

    def _test(self, tests: list[TestNet], tested: Tested, *, first: bool = True) -> None:
        """Run the test nets if it is time; before the first iteration only with `first`."""
        done = self.solver.iteration
        if tests and done % self.solver.settings.test_interval == 0 and (done or first):
            for number, net in enumerate(tests):
                tested(done, number, net.scores())

    def _sources(self) -> list[LayerReader]:
        seed = max(0, self.solver.settings.random_seed)
        steps = self.solver.net.plan.steps
        return [layer_data(step.layer, seed) for step in steps if step.operator.is_input]

    def _to_device(self, fed: dict[str, Tensor]) -> dict[str, Tensor]:
        device = self.solver.blobs[0].tensor.device
        return {name: value.to(device) for name, value in fed.items()}

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            message = f"iteration {self.solver.iteration}: the loss is {loss}; expected a number"
            raise TrainingError(f"{message}; start again with a tenth of base_lr, and check labels and weights")

    @contextmanager
    def _stop_on_sigterm(self) -> Iterator[None]:
        """SIGTERM ends the run after the iteration at hand."""

        def ask(_number: int, _frame: object) -> None:
            self._stop = True

        before = signal.signal(signal.SIGTERM, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


def _read_ahead(
    ahead: ThreadPoolExecutor, sources: list[LayerReader], first: int, count: int
) -> Iterator[dict[str, Tensor]]:
    """Batches first to first + count - 1, the next one being read while one is used."""

    def read(number: int) -> dict[str, Tensor]:
        return {top: torch.from_numpy(value) for source in sources for top, value in source.inputs(number).items()}

    waiting = ahead.submit(read, first)
    for number in range(first + 1, first + count):
        ready, waiting = waiting.result(), ahead.submit(read, number)
        yield ready
    yield waiting.result()
