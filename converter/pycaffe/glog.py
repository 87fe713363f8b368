"""Log lines in the form of glog, which Caffe's log readers (parse_log.py and its kin) take apart.

`I1127 16:44:32.123456 12345 solver.cpp:239] Iteration 0, …`: severity, month and day, time, process, place, text.
Lines go to stderr; the environment's GLOG_minloglevel (0 info, 1 warning, 2 error) and `init_log` say which.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime

_LETTERS = "IWEF"
INFO, WARNING, ERROR = range(3)


@dataclass(slots=True)
class _Level:
    """The lowest severity that is written; None: as the environment says."""

    lowest: int | None = None


_LEVEL = _Level()


def init_log(level: int | None = None, stderr: bool = True) -> None:
    """Write lines from this severity on: 0 info, 1 warning, 2 error, 3 none."""
    del stderr  # there is no other place
    _LEVEL.lowest = level


def log(text: str) -> None:
    """Write an info line of the script's own."""
    write(INFO, "_caffe.cpp:64", text)


def info(place: str, text: str) -> None:
    """Write an info line; `place` is the file and line of Caffe's that says it."""
    write(INFO, place, text)


def write(severity: int, place: str, text: str) -> None:
    """Write a line, if its severity is high enough."""
    if severity < lowest():
        return
    now = datetime.now()
    head = f"{_LETTERS[severity]}{now:%m%d %H:%M:%S.%f} {os.getpid():5d} {place}]"
    sys.stderr.write(f"{head} {text}\n")
    sys.stderr.flush()


def lowest() -> int:
    """The lowest severity that is written."""
    if _LEVEL.lowest is not None:
        return _LEVEL.lowest
    given = os.environ.get("GLOG_minloglevel", "")  # noqa: SIM112 - glog's own spelling
    return int(given) if given.isdigit() else INFO
