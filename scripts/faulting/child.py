"""A command in a forked process: what a user starts, without the seconds that imports take each time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Hook = Callable[[], object]


@dataclass(frozen=True, slots=True)
class End:
    """How a process ended: its exit code, below 0 the signal; what it printed on stderr; its seconds."""

    code: int
    errors: str
    seconds: float


def start(run: Callable[[], int], log: Path, first: Hook | None = None) -> int:
    """Begin `run` in a new process, which calls `first` before; its number. stdout goes nowhere, stderr into `log`."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which no command here has begun yet
        number = os.fork()
    if number:
        return number
    code = 70
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the command runs: what comes before is not on trial
    try:
        with log.open("wb") as file:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(file.fileno(), 2)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        if first is not None:
            first()
        sys.stdout = os.fdopen(1, "w", closefd=False)  # of what stdout now is, a file or a pipe
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the process ends here, and says of what
        with contextlib.suppress(BaseException):
            traceback.print_exc()
            sys.stderr.flush()
    os._exit(code)


def finish(number: int, log: Path, begun: float) -> End:
    """Wait for a process's end."""
    _, status = os.waitpid(number, 0)
    return End(os.waitstatus_to_exitcode(status), log.read_text(errors="replace"), time.monotonic() - begun)


def run_whole(run: Callable[[], int], log: Path, first: Hook | None = None) -> End:
    """Run to the end."""
    begun = time.monotonic()
    return finish(start(run, log, first), log, begun)


def run_and_signal(run: Callable[[], int], log: Path, seconds: float, number: signal.Signals) -> End:
    """Run, with a signal after some seconds; a process that has ended before gets none."""
    begun = time.monotonic()
    process = start(run, log)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
    return finish(process, log, begun)
