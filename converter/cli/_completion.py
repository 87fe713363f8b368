"""`dilatednet --print-completion bash|zsh`: the script that a shell completes commands, options and files by."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from converter.errors import ConversionError

_FOLDERS = ("DIR", "RUN")
_FILES = ("FILE", "NET", "W", "WEIGHTS", "OUT", "LIST", "IMAGE", "SCRIPT", "PAGE")


class PrintCompletion(argparse.Action):
    """Prints the script, and ends the program.

    Raises:
        ConversionError: the package shtab is missing.
    """

    def __call__(self, parser: argparse.ArgumentParser, _namespace: object, shell: Any, _option: Any = None) -> None:
        """Print it, and exit with 0."""
        try:
            import shtab
        except ImportError as error:
            text = "needs the package shtab; pip install 'dilatednet[completion]'"
            raise ConversionError(text) from error
        _name_files(parser, shtab.FILE, shtab.DIRECTORY)
        print(shtab.complete(parser, shell))
        parser.exit()


def _name_files(parser: argparse.ArgumentParser, files: object, folders: object) -> None:
    """Tell of each argument whose place-holder is a file's or a folder's what completes it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _name_files(command, files, folders)
        elif not action.choices:
            kind = _kind(action.metavar)
            if kind:
                action.complete = files if kind == "file" else folders  # type: ignore[attr-defined]


def _kind(metavar: str | Sequence[str] | None) -> str:
    """What a place-holder such as FILE.html, DIR|LIST or NAME stands for: "file", "folder" or ""."""
    words = metavar.replace("|", " ").replace(".", " ").split() if isinstance(metavar, str) else []
    if any(word in _FILES for word in words):
        return "file"
    return "folder" if any(word in _FOLDERS for word in words) else ""
