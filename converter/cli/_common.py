"""Options that commands have in common, and what they set for the time a command runs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from converter.cli._memory import MEMORY_HELP, memory_argument
from converter.cli._output import output_arguments
from converter.files.memory import memory_limit
from converter.files.named import allow_files_below

_WITHOUT = ("download", "pycaffe")
"""Commands that read no model: the one fetches files, the other hands its arguments to a script."""

_OPEN_ALL = ("solve", "caffe")
"""Commands that run what a file describes, on the data that it names."""

_FILES_HELP = "read files that a prototxt names (mean_file, source) in this folder too, not only below its own"


def add_common_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """--json, --quiet, --max-memory and --allow-files, where the command has them."""
    output_arguments(command, parser)
    if command in _WITHOUT:
        return
    parser.add_argument("--max-memory", type=memory_argument, metavar="SIZE", help=MEMORY_HELP)
    if command not in _OPEN_ALL:
        parser.add_argument("--allow-files", action="append", default=[], metavar="DIR", help=_FILES_HELP)


@contextmanager
def common_settings(args: argparse.Namespace) -> Iterator[None]:
    """What the common options say, within the block."""
    with memory_limit(getattr(args, "max_memory", None)), allow_files_below(getattr(args, "allow_files", ())):
        yield
