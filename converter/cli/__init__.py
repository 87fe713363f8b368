"""The `dilatednet` command: finds the commands in this folder, runs one, turns errors into exit codes.

A command is a module here with `HELP: str`, `arguments(parser)` and `run(args) -> int`; its name is the module's.
Exit codes: 0 done, 1 checked and not equal, 2 bad input or usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from converter.cli._common import add_common_arguments, common_settings
from converter.errors import ConversionError


def commands(wanted: str = "") -> dict[str, ModuleType]:
    """The `wanted` command if there is one of that name, else every one, by name.

    A module whose name starts with an underscore is a part of others.
    """
    # pkgutil would import `inspect`, a tenth of the time that --help takes.
    names = sorted(file.stem for file in Path(__path__[0]).glob("*.py") if not file.name.startswith("_"))
    modules = {name.replace("_", "-"): f"{__name__}.{name}" for name in names}
    chosen = [wanted] if wanted in modules else list(modules)
    return {name: importlib.import_module(modules[name]) for name in chosen}


class _Formatter(argparse.HelpFormatter):
    """Argparse's own, told the terminal's width: it would import `shutil` for it, and ask anew for every option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the result is the process's exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="dilatednet", description="Caffe's models in PyTorch, with proof.", formatter_class=_Formatter
    )
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in commands(given[0] if given else "").items():
        sub = choices.add_parser(name, help=module.HELP, description=module.HELP, formatter_class=_Formatter)
        module.arguments(sub)
        add_common_arguments(name, sub)
        sub.set_defaults(run=module.run)
    args = parser.parse_args(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may be in letters that the terminal's encoding lacks
    try:
        with common_settings(args):
            code = int(args.run(args))
            print(end="", flush=True)  # a pipe that nobody reads is told here, not at the interpreter's end
            return code
    except ConversionError as error:
        print(f"dilatednet {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"dilatednet {args.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
