"""`dilatednet convert --all DIR -o DIR --to FORMATS`: every pair of prototxt and caffemodel of a folder."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from converter.errors import ConversionError, printable

if TYPE_CHECKING:
    from converter.verify.batch.results import BatchReport, Result

_SINGLE = (
    *("weights", "out", "prototxt", "until", "inputs", "fold_preprocessing", "train_val", "mean", "scale", "color"),
    *("key", "no_checksum", "values"),
)
"""Arguments that speak of one net, or that many have otherwise: hashes tell what is unchanged."""
_DEFAULTS = {"scale": 1.0, "color": "bgr"}


def batch_arguments(parser: argparse.ArgumentParser) -> None:
    """--all, -o, --to."""
    parser.set_defaults(usage_error=parser.error)
    group = parser.add_argument_group("many nets at once (without WEIGHTS and OUT)")
    group.add_argument(
        "--all", dest="folder", metavar="DIR",
        help="convert every .caffemodel below DIR: X.caffemodel with X.prototxt or X_deploy.prototxt, "
        "X_iter_N.caffemodel with those of X, or with deploy.prototxt; goes on after failures, and skips what is done "
        "and unchanged",
    )  # fmt: skip
    group.add_argument("-o", "--output", metavar="DIR", help="where results and report.json go")
    group.add_argument(
        "--to", default="safetensors", metavar="FORMATS",
        help="formats with commas between them: safetensors pth npz h5 caffemodel onnx pt2 py folder (safetensors)",
    )  # fmt: skip


def batch_requested(args: argparse.Namespace) -> bool:
    """Whether --all was given; exits with the usage where arguments of one net and of many are mixed, or missing."""
    given = [name for name in _SINGLE if getattr(args, name) not in (None, False, [], _DEFAULTS.get(name))]
    if args.folder is None and (args.weights is None or args.out is None or args.output is not None):
        args.usage_error("give WEIGHTS and OUT, or --all DIR with -o DIR")
    if args.folder is not None and args.output is None:
        args.usage_error("--all needs a folder for results: -o DIR")
    if args.folder is not None and given:
        args.usage_error(f"{', '.join(given)}: for one net; leave out what is not for --all")
    return args.folder is not None


def run_batch(args: argparse.Namespace) -> int:
    """0: every net is converted; 1: some failed, and the table says why."""
    from converter.verify.batch.convert import convert_all

    names = ("verify", "level", "crop", "allow_nan", "allow_unused", "allow_unknown")
    options = {name: getattr(args, name) for name in names}
    formats = [form.strip().removeprefix(".") for form in args.to.split(",")]
    report = convert_all(
        args.folder, args.output, formats, stages=tuple(args.stage), tell=partial(_tell, args.errors), **options
    )
    args.result = _fields(report)
    args.error = next((ConversionError(result.error) for result in report.failed), None)
    print(report.table())
    print(f"report: {report.path}")
    return 1 if report.failed else 0


def _fields(report: BatchReport) -> dict[str, Any]:
    """Every net's result for --json."""
    names = ("name", "status", "formats", "parity", "sources", "notes", "seconds")
    nets = [{**{name: getattr(net, name) for name in names}, "error": net.error or None} for net in report.results]
    return {"status": "error" if report.failed else "ok", "report": report.path, "nets": nets}


def _tell(errors: TextIO, result: Result) -> None:
    """A net's lines while the others run; what is wrong with it goes to `errors`."""
    print(printable(f"{result.name}: {result.status} in {result.seconds:.2f} s"), file=sys.stderr)
    if result.status != "unchanged":
        for note in result.notes:
            print(printable(f"note: {note}"), file=sys.stderr)
    if result.error:
        print(printable(f"{result.name}: {result.error}"), file=errors)
