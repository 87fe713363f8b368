"""`--set NAME=VALUE` on the command line."""

from __future__ import annotations

import argparse
import re

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def set_argument(parser: argparse.ArgumentParser) -> None:
    """--set."""
    parser.add_argument(
        "--set", dest="values", action="append", type=_value, default=[], metavar="NAME=VALUE",
        help="what ${NAME} stands for in a prototxt that is a template",
    )  # fmt: skip


def _value(text: str) -> tuple[str, str]:
    """A placeholder's name and its value."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise argparse.ArgumentTypeError(f"{text!r}; expected NAME=VALUE, for example NUM_LABELS=21")
    return name, value
