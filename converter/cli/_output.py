"""Where a command's words go: --quiet, and --json, which prints one object on standard output (docs/json.md)."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import pairwise
from typing import Any, NoReturn, TextIO

from converter.errors import ConversionError, printable

_WITHOUT = ("pycaffe", "caffe")
"""Commands whose arguments are a script's own, or those of Caffe's program."""

_TO_FILES = ("evaluate", "score")
"""Commands whose --json takes a file's name, of which - is standard output."""

_STATUS = {0: "ok", 1: "differs"}


class UsageError(Exception):
    """Arguments that `parser` refuses."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class Parser(argparse.ArgumentParser):
    """Argparse's own, whose refusal is raised, so that --json can tell of it too."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(self, message)


def output_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """--json and --quiet."""
    if command in _WITHOUT:
        return
    if command not in _TO_FILES:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead (docs/json.md)")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


def wants_json(args: argparse.Namespace) -> bool:
    """Whether standard output is to be one JSON object."""
    return getattr(args, "json", None) in (True, "-")


def refusal_wants_json(given: list[str]) -> bool:
    """The same of arguments that did not parse."""
    name = given[0] if given else ""
    if name in _WITHOUT:
        return False
    if name in _TO_FILES:
        return "--json=-" in given or ("--json", "-") in pairwise(given)
    return "--json" in given


@contextmanager
def redirect_output(args: argparse.Namespace) -> Iterator[None]:
    """Within the block, print as --json and --quiet say; `args.errors` is where errors go in any case."""
    args.errors, sink = sys.stderr, io.StringIO()
    quiet = getattr(args, "quiet", False)
    out = sink if quiet else sys.stderr if wants_json(args) else sys.stdout
    with redirect_stdout(out), redirect_stderr(sink if quiet else sys.stderr):
        yield


def print_result(args: argparse.Namespace, code: int, out: TextIO) -> None:
    """The object of a command that came to its end: what it left in `args.result`, and `args.error` where it failed."""
    fields = {"status": _STATUS.get(code, "error"), **getattr(args, "result", {})}
    if fields["status"] == "error":
        fields["error"] = error_fields(getattr(args, "error", None) or ConversionError(f"ended with exit code {code}"))
    print_object({"command": args.command, **fields}, out)


def print_failure(command: str | None, error: BaseException, out: TextIO) -> None:
    """The object of a command that an error ended."""
    print_object({"command": command, "status": "error", "error": error_fields(error)}, out)


def error_fields(error: BaseException) -> dict[str, Any]:
    """An error as an object: class, message, file, line, layer."""
    found = error if isinstance(error, ConversionError) else ConversionError(str(error) or "interrupted")
    return {
        "class": type(error).__name__,
        "message": found.message,
        "file": found.path or None,
        "line": found.line or None,
        "layer": found.layer,
    }


def print_object(value: Mapping[str, Any], out: TextIO) -> None:
    """One line of ASCII; of several processes (torchrun) the first alone prints."""
    import json

    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(plain(value), allow_nan=False), file=out, flush=True)


def plain(value: Any) -> Any:
    r"""A value as JSON has it: NaN and infinities by their names in protobuf's JSON, bytes that are no UTF-8 as `\xbe`.

    Other letters and control characters stay, since JSON escapes them.
    """
    if isinstance(value, Mapping):
        return {plain(str(name)): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # numpy's numbers
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return "".join(printable(letter) if "\ud800" <= letter <= "\udfff" else letter for letter in str(value))
