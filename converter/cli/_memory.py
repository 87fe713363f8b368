"""`--max-memory SIZE` on the command line."""

from __future__ import annotations

import argparse
import re

MEMORY_HELP = "refuse what would take more: 500M, 8G (default: 80 %% of what is free)"
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def memory_argument(text: str) -> int:
    """A number of bytes.

    Raises:
        argparse.ArgumentTypeError: the text is not of that form.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)i?B?", text, re.IGNORECASE | re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a size, for example 500M or 8G")
    return int(float(match.group(1)) * _UNITS[match.group(2).upper()])
