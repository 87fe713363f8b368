"""How help is laid out: the terminal's width, and lines of examples left as they are."""

from __future__ import annotations

import argparse
import os
import sys
from functools import cache


class Formatter(argparse.HelpFormatter):
    """Argparse's own, told the terminal's width: it would import `shutil` for it, and ask anew for every option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Text of several lines, such as examples, stays as it is; a single line is wrapped."""
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "".join(indent + line for line in text.splitlines(keepends=True))


def examples_epilog(lines: str) -> str:
    """A command's examples, one a line, as the end of its help."""
    text = "".join(f"\n  {line}" for line in lines.strip().splitlines())
    return f"examples:{text}".replace("%", "%%")


@cache
def _columns() -> int:
    """The terminal's width: $COLUMNS, what the system says, or 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 80
