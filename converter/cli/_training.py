"""What `train` and `features` share: which images, and which recipe."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from converter.errors import printable

if TYPE_CHECKING:
    from converter.data.datasets import Split

_DATA_SETS = {"voc": "voc", "camvid": "camvid", "kitti": "kitti", "cityscapes": "cityscapes"}


def recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """The preset, and where the images lie."""
    parser.add_argument("--preset", required=True, help="voc, voc-coco, voc-coco-finetune, camvid, kitti or cityscapes")
    parser.add_argument("--data", metavar="DIR", help="where the data set lies, e.g. the folder holding VOCdevkit")
    parser.add_argument("--split", metavar="NAME", default="train", help="default: train (the paper's VOC: trainaug)")
    parser.add_argument("--sbd-root", metavar="DIR", help="where SBD lies, for voc's trainaug")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N images")
    parser.add_argument("--only-present", action="store_true", help="leave out images whose files are not there")
    parser.add_argument("--device", default="", help="cpu, cuda or cuda:N; default: a GPU where there is one")


def open_images(args: argparse.Namespace, *needs: str) -> Split:
    """The split under --data; its notes go to stderr."""
    from converter.data.datasets import open_split

    name = _DATA_SETS.get(args.preset.split("-")[0], args.preset)
    split = open_split(
        name,
        args.data,
        args.split,
        needs=needs,
        only_present=args.only_present,
        limit=args.limit,
        sbd_root=args.sbd_root,
    )
    for note in split.notes:
        print(printable(f"note: {note}"), file=sys.stderr)
    return split
