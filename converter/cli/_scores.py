"""What `score` and `evaluate` share: the arguments that choose a split, and the printing of a result."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from converter.errors import printable

if TYPE_CHECKING:
    from converter.data.datasets import Sample, Split
    from converter.data.labels import Labels
    from converter.dilatednet.evaluation.results import Result


def split_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is scored and where the result goes."""
    parser.add_argument("--data", required=True, metavar="NAME", help="voc, cityscapes, camvid or kitti")
    parser.add_argument(
        "--root", required=True, metavar="DIR", help="where the data set lies, e.g. the folder holding VOCdevkit"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="default: val for voc and cityscapes, test for camvid and kitti"
    )
    parser.add_argument("--sbd-root", metavar="DIR", help="where SBD lies, for voc's trainaug")
    parser.add_argument("--limit", type=_count, metavar="N", help="only the first N images")
    parser.add_argument("--only-present", action="store_true", help="leave out images whose files are not there")
    parser.add_argument("--strict", action="store_true", help="refuse a split whose length is not the published one")
    parser.add_argument(
        "--paper-row", metavar="NAME", help="the row of the paper's table to compare with, e.g. 'Front end'"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the result as JSON")
    parser.add_argument(
        "--report", metavar="FILE.html", help="also write a page: bars, best and worst images, confusion"
    )


def _count(text: str) -> int:
    """A number of images, at least one."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"want a whole number from 1, not {text!r}")
    return int(text)


def open_from(args: argparse.Namespace, needs: Sequence[str]) -> Split:
    """The split that the arguments choose; its notes go to stderr."""
    from converter.data.datasets import open_split

    split = open_split(
        args.data,
        args.root,
        args.split,
        needs=needs,
        strict=args.strict,
        only_present=args.only_present,
        limit=args.limit,
        sbd_root=args.sbd_root,
    )
    for note in split.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    return split


def publish(result: Result, args: argparse.Namespace, predict_labels: Callable[[Sample], Labels]) -> None:
    """Print the table, and write the files asked for; `predict_labels` gives the predictions that a report shows."""
    from converter.dilatednet.evaluation.results import table, write_json

    print(table(result))
    if args.json:
        write_json(args.json, result)
    if args.report:
        from converter.dilatednet.evaluation.report import write_report

        write_report(args.report, result, predict_labels)
