"""What `score` and `evaluate` share: the arguments that choose a split, and the printing of a result."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from converter.cli._data import data_arguments
from converter.cli._output import wants_json

if TYPE_CHECKING:
    from converter.data.datasets import Sample
    from converter.data.labels import Labels
    from converter.dilatednet.evaluation.results import Result


def split_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is scored and where the result goes."""
    data_arguments(parser, "default: val for voc and cityscapes, test for camvid and kitti")
    parser.add_argument("--strict", action="store_true", help="refuse a split whose length is not the published one")
    parser.add_argument(
        "--paper-row", metavar="NAME", help="the row of the paper's table to compare with, e.g. 'Front end'"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="also write the result as JSON; - prints it, and nothing else (docs/json.md)"
    )
    parser.add_argument(
        "--report", metavar="FILE.html", help="also write a page: bars, best and worst images, confusion"
    )


def publish(result: Result, args: argparse.Namespace, predict_labels: Callable[[Sample], Labels]) -> None:
    """Write the files asked for, then print the table; `predict_labels` gives the predictions that a report shows."""
    from converter.dilatednet.evaluation.results import record, table, write_json

    args.result = record(result)
    if args.json and not wants_json(args):
        write_json(args.json, result)
    if args.report:
        from converter.dilatednet.evaluation.report import write_report

        write_report(args.report, result, predict_labels)
    print(table(result))
