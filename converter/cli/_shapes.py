"""`NAME=N,C,H,W`, `--crop` and `--until` on the command line."""

from __future__ import annotations

import argparse


def shape_argument(text: str) -> tuple[str, tuple[int, ...]]:
    """An input's name and shape.

    Raises:
        argparse.ArgumentTypeError: the text is not of that form.
    """
    name, _, sizes = text.partition("=")
    try:
        shape = tuple(int(size) for size in sizes.replace("x", ",").split(","))
    except ValueError:
        shape = ()
    if not name or not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected NAME=N,C,H,W, for example data=1,3,224,224")
    return name, shape


def crop_argument(parser: argparse.ArgumentParser) -> None:
    """--crop."""
    parser.add_argument(
        "--crop", choices=("caffe", "geometry"), default="caffe",
        help="a Crop without crop_param begins at 0 (caffe), or where the forks of FCN and HED have it (geometry)",
    )  # fmt: skip


def until_argument(parser: argparse.ArgumentParser, note: str = "") -> None:
    """--until; a list of the blobs' names."""
    parser.add_argument(
        "--until", action="extend", type=lambda text: text.split(","), default=[], metavar="BLOB",
        help=f"{note}end the net at these blobs; what only others need is left out, unknown layer types too",
    )  # fmt: skip
