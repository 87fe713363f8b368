"""Signals that ask a run to stop: the first is heeded after the update at hand, a second ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class StopRequest:
    """The signal that asked this process to stop, 0 where none came."""

    number: int = 0

    def counts(self) -> list[float]:
        """1 for the signal that came and 0 for the other, in the order of `SIGNALS`."""
        return [float(self.number == number) for number in SIGNALS]


@contextmanager
def stop_request(on_request: Callable[[], None]) -> Iterator[StopRequest]:
    """Catches SIGINT and SIGTERM within the block; `on_request` is called from the handler of the first of them.

    Afterwards both have the system's own handlers until the block ends, so that a second one ends the process even
    within a long tensor operation, which Python's handlers would wait for.
    """
    request = StopRequest()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(number: int, _frame: object) -> None:
        request.number = number
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        on_request()

    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals(_worker: int = 0) -> None:
    """Leaves both signals to the process that trains: a terminal sends Ctrl-C to the loading processes as well."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
