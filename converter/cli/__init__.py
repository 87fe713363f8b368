"""The `dilatednet` command: finds the commands in this folder, runs one, turns errors into exit codes.

A command is a module here with `HELP: str`, `EXAMPLES: str` (a line each), `arguments(parser)` and `run(args) -> int`;
its name is the module's. `run` prints for people, and leaves in `args.result` what --json prints.
Exit codes: 0 done, 1 checked and not equal, 2 bad input or usage, 130 interrupted; `caffe` has Caffe's own.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from converter.cli._common import add_common_arguments, common_settings
from converter.cli._completion import PrintCompletion
from converter.cli._help import Formatter, examples_epilog
from converter.cli._output import (
    Parser,
    UsageError,
    print_failure,
    print_result,
    redirect_output,
    refusal_wants_json,
    wants_json,
)
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


def make_parser(given: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the command that is `given`, or of all."""
    parser = Parser(prog="dilatednet", description="Caffe's models in PyTorch, with proof.", formatter_class=Formatter)
    parser.add_argument(
        "--print-completion", action=PrintCompletion, choices=("bash", "zsh"), metavar="SHELL",
        help="print what makes bash or zsh complete commands, options and files",
    )  # fmt: skip
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in commands(given[0] if given else "").items():
        sub = choices.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=examples_epilog(module.EXAMPLES),
            formatter_class=Formatter,
        )
        module.arguments(sub)
        add_common_arguments(name, sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the result is the process's exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else ""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # a name may be in letters that the terminal's encoding lacks
    try:
        return _run(given)
    except UsageError as error:
        if refusal_wants_json(given):
            print_failure(name if name in commands(name) else None, error, out)
        error.parser.print_usage(sys.stderr)
        error.parser.exit(_status(name, error), f"{error.parser.prog}: error: {error}\n")
    except ConversionError as error:
        print(f"dilatednet {name}: {error}", file=sys.stderr)
        return _status(name, error)
    except KeyboardInterrupt:
        print(f"dilatednet {name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _status(name: str, error: Exception) -> int:
    """The exit code for what a command refuses: 2, or what the module's own `status(error)` says."""
    own: Callable[[Exception], int] | None = getattr(commands(name).get(name), "status", None)
    return own(error) if own is not None else 2


def _run(given: list[str]) -> int:
    """Parse and run; with --json, what came of it is printed at the end."""
    args, out = make_parser(given).parse_args(given), sys.stdout
    try:
        with common_settings(args), redirect_output(args):
            code = int(args.run(args))
    except (ConversionError, KeyboardInterrupt) as error:
        if wants_json(args):
            print_failure(args.command, error, out)
        raise
    if wants_json(args):
        print_result(args, code, out)
    print(end="", flush=True)  # a pipe that nobody reads is told here, not at the interpreter's end
    return code
