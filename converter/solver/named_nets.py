"""Errors of nets that a solver names: from elsewhere they say that the file does not read, and show nothing of it.

A solver's `net:` is looked for in the working folder, as Caffe does, and beside the solver; it may name any file. A
solver from a stranger that names a file which is no net gets none of its lines onto the screen, or into a log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from converter.errors import PrototxtError
from converter.files.named import lies_below


@contextmanager
def hide_content(net: str, solver: str) -> Iterator[None]:
    """Errors in the text of `net` without its text, unless it lies below the working folder or the solver's.

    Raises:
        PrototxtError: as the block does.
    """
    try:
        yield
    except PrototxtError as error:
        if error.path != net or lies_below(net, Path(), Path(solver).parent):
            raise
        text = "is no net that reads (named by a solver from another folder, so its text is not shown); check net:"
        raise PrototxtError(text, path=net, line=error.line) from None
