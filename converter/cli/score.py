"""`dilatednet score`: label PNGs of any program against a data set's truth, as the paper measures."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from converter.cli._data import open_data
from converter.cli._scores import publish, split_arguments

HELP = "score label PNGs of any program: IoU by class beside the paper's"
EXAMPLES = """
dilatednet score --predictions out --data voc --root DIR
dilatednet score --predictions out --images photos --labels-dir labels --classes 11 --json -
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is scored, and with how many processes."""
    parser.add_argument(
        "--predictions", required=True, metavar="DIR", help="one label PNG (gray or palette) an image, NAME.png"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (1 does VOC in 2 s)")
    split_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Score and print."""
    from converter.dilatednet.evaluation.score import prediction_place, read_prediction, score
    from converter.dilatednet.paper import paper_row

    folder = Path(args.predictions)
    wanted = partial(prediction_place, folder) if folder.is_dir() else None
    split = open_data(args, ("labels",), strict=args.strict, further=wanted)
    row = paper_row(split.layout.name, split.name, len(split.classes), args.paper_row)
    result = score(split, args.predictions, workers=args.workers, paper=row, progress=True)
    publish(result, args, lambda sample: read_prediction(args.predictions, split, sample))
    return 0
