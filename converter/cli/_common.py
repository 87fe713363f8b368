"""Options that every command which reads files has, and what they set for the time it runs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from converter.cli._memory import MEMORY_HELP, memory_argument
from converter.files.memory import memory_limit

_WITHOUT = ("download", "pycaffe")
"""Commands that read no model: the one fetches files, the other hands its arguments to a script."""


def add_common_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """--max-memory."""
    if command in _WITHOUT:
        return
    parser.add_argument("--max-memory", type=memory_argument, metavar="SIZE", help=MEMORY_HELP)


@contextmanager
def common_settings(args: argparse.Namespace) -> Iterator[None]:
    """What the common options say, within the block."""
    with memory_limit(getattr(args, "max_memory", None)):
        yield
