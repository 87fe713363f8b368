"""Files that must stay as they are while a result is made from them: looked at again before it gets its name.

A file that becomes shorter while it is mapped ends the process (SIGBUS), as in any program that maps files; one that
is written over is only noticed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from converter.errors import CaffemodelError

State = tuple[int, int, int, int]
_watched: ContextVar[tuple[tuple[str, State | None], ...]] = ContextVar("watched files", default=())


@contextmanager
def watch_files(paths: Iterable[str]) -> Iterator[None]:
    """Within the block, no written file gets its name if one of `paths` is not as it was when the block began."""
    token = _watched.set((*_watched.get(), *((path, _state(path)) for path in paths)))
    try:
        yield
    finally:
        _watched.reset(token)


def check_unchanged() -> None:
    """Compare the size, the time of the last change and the place of every watched file with those before.

    Raises:
        CaffemodelError: one differs.
    """
    for path, before in _watched.get():
        now = _state(path)
        if now != before:
            sizes = f"{before[0] if before else 0} bytes before, {now[0]} now" if now else "it is gone"
            raise CaffemodelError(f"changed while it was read ({sizes}); try again once it is whole", path=path)


def _state(path: str) -> State | None:
    """Size, time of change, device and number of a file; None where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino
