"""Log lines in the form of glog, which Caffe's log readers (parse_log.py and its kin) take apart.

`I1127 16:44:32.123456 12345 solver.cpp:239] Iteration 0, …`: severity, month and day, time, process, place, text.
Lines go to stderr; the environment's GLOG_minloglevel (0 info, 1 warning, 2 error) and `init_log` say which. A folder
in GLOG_log_dir, or the program's --log_dir, gets them in a file as well.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import TextIO

from converter.pycaffe.errors import CaffeError

_LETTERS = "IWEF"
INFO, WARNING, ERROR = range(3)


@dataclass(slots=True)
class _Level:
    """The lowest severity that is written; None: as the environment says."""

    lowest: int | None = None
    file: TextIO | None = None


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
    for out in (sys.stderr, _LEVEL.file):
        if out is not None:
            out.write(f"{head} {text}\n")
            out.flush()


@contextmanager
def log_file(folder: str) -> Iterator[None]:
    """Write lines to a new file in a folder as well, with the link caffe.INFO to it, while the body runs.

    Without a folder the environment's GLOG_log_dir is the one, if there is that.

    Raises:
        CaffeError: the file cannot be made.
    """
    place = folder or os.environ.get("GLOG_log_dir", "")  # noqa: SIM112 - glog's own spelling
    if not place:
        yield
        return
    try:
        file = _new_file(Path(place))
    except OSError as error:
        raise CaffeError(f"--log_dir {place}: {error.strerror}; name a writable folder") from error
    with file:
        _LEVEL.file = file
        try:
            yield
        finally:
            _LEVEL.file = None


def _new_file(folder: Path) -> TextIO:
    """A log file of glog's name and first lines, with a link to it."""
    now, host = datetime.now(), platform.node()
    path = folder / f"caffe.{host}.{getuser()}.log.INFO.{now:%Y%m%d-%H%M%S}.{os.getpid()}"
    file = path.open("w", encoding="utf-8")
    file.write(f"Log file created at: {now:%Y/%m/%d %H:%M:%S}\nRunning on machine: {host}\n")
    link = folder / "caffe.INFO"
    link.unlink(missing_ok=True)
    link.symlink_to(path.name)
    return file


def lowest() -> int:
    """The lowest severity that is written."""
    if _LEVEL.lowest is not None:
        return _LEVEL.lowest
    given = os.environ.get("GLOG_minloglevel", "")  # noqa: SIM112 - glog's own spelling
    return int(given) if given.isdigit() else INFO
