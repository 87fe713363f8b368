"""`dilatednet inspect`: a net as a table, without torch."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from converter.cli._shapes import crop_argument, shape_argument, until_argument
from converter.cli._values import set_argument
from converter.errors import ConversionError, printable

if TYPE_CHECKING:
    from converter.plan.inspection import Inspection

HELP = "print a net's layers: shapes, parameters, multiply-adds, receptive field, and what is unknown or unused"
EXAMPLES = """
dilatednet inspect net.prototxt net.caffemodel
dilatednet inspect train_val.prototxt --phase train --input data=64,3,227,227
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """NET [W] [--key NAME] [--phase] [--input NAME=N,C,H,W] [--report FILE]."""
    parser.add_argument("net", metavar="NET", help="prototxt of any age")
    parser.add_argument("weights", metavar="W", nargs="?", help="weights of any format to hold against it")
    parser.add_argument("--key", metavar="NAME", help="the name under which a .pth that holds more has its state_dict")
    parser.add_argument("--stage", action="append", default=[], metavar="NAME", help="stage that layers' rules ask for")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="level that layers' rules ask for")
    crop_argument(parser)
    until_argument(parser)
    set_argument(parser)
    parser.add_argument("--phase", choices=("test", "train"), default="test")
    parser.add_argument(
        "--input", dest="inputs", action="append", type=shape_argument, default=[], metavar="NAME=N,C,H,W",
        help="shape of an input that the file does not state, or another one",
    )  # fmt: skip
    parser.add_argument("--report", metavar="FILE", help="also draw the net: a page (.html) or the drawing (.svg)")


def run(args: argparse.Namespace) -> int:
    """Print the table; 0 if the net builds, 2 if something stops it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, and multiplies nothing here
    from converter.plan.inspection import inspect_net

    if args.report:
        from converter.report.net_page import check_target, write_drawing

        check_target(args.report)
    state = {
        "values": dict(args.values),
        "phase": args.phase,
        "stages": tuple(args.stage),
        "level": args.level,
        "until": args.until,
    }
    found = inspect_net(args.net, args.weights, inputs=dict(args.inputs), key=args.key, crop=args.crop, **state)
    cells = [("layer", "type", "output", "parameters", "multiply-adds", "field", "stride")]
    for row in found.rows:
        shape = "×".join(map(str, row.shape)) if row.shape else "scalar" if row.shape == () else "?"
        field = _axes(row.receptive_field.field) if row.receptive_field else ""
        stride = _axes(row.receptive_field.stride) if row.receptive_field else ""
        cells.append((row.name, row.type, shape, _count(row.parameters), _count(row.multiply_adds), field, stride))
    total = sum(row.parameters for row in found.rows)
    work = sum(row.multiply_adds for row in found.rows)
    cells.append(("total", "", "", _count(total), _count(work), "", ""))
    _print_table(cells)
    for note in found.notes:
        print(printable(f"note: {note}"))
    for problem in found.problems:
        print(printable(f"problem: {problem}"))
    args.result = {**_fields(found), "report": args.report}
    args.error = ConversionError("; ".join(found.problems), path=args.net)
    if not found.problems:
        name = printable(found.net.name) or "net"
        print(f"{name}: {len(found.rows)} layers, every field and every blob accounted for")
    if args.report:
        write_drawing(args.report, found)
        print(f"drawing: {printable(args.report)}")
    return 2 if found.problems else 0


def _fields(found: Inspection) -> dict[str, Any]:
    """The table for --json."""
    layers = [
        {
            "name": row.name,
            "type": row.type,
            "shape": row.shape,
            "parameters": row.parameters,
            "multiply_adds": row.multiply_adds,
            "receptive_field": row.receptive_field and row.receptive_field.field,
            "stride": row.receptive_field and row.receptive_field.stride,
        }
        for row in found.rows
    ]
    return {
        "net": found.net.name,
        "layers": layers,
        "parameters": sum(row.parameters for row in found.rows),
        "multiply_adds": sum(row.multiply_adds for row in found.rows),
        "notes": found.notes,
        "problems": found.problems,
    }


def _axes(values: tuple[float, ...]) -> str:
    """One number where all axes agree, else one each."""
    shown = [f"{value:g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else "×".join(shown)


def _count(value: int) -> str:
    return f"{value:,}" if value else ""


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Columns aligned, numbers to the right."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [text.ljust(w) if i < 3 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
