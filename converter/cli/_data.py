"""Which images a command works on: a published data set's split, or images and label images of one's own."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import DatasetError, printable

if TYPE_CHECKING:
    from converter.data.datasets import Sample, Split
    from converter.data.label_sets import LabelSet

_OWN = "lists"
_DATA_SETS = ("voc", "pascal_voc", "voc2012", "cityscapes", "camvid", "kitti")


def data_arguments(parser: argparse.ArgumentParser, splits: str) -> None:
    """--data and all else that says which images, labels and classes; `splits` is the help's word on --split."""
    data = parser.add_argument_group("images and labels")
    data.add_argument(
        "--data", metavar="NAME", help="voc, cityscapes, camvid, kitti; or lists: data of your own (--images …)"
    )
    data.add_argument("--root", metavar="DIR", help="where the data set lies, e.g. the folder holding VOCdevkit")
    data.add_argument("--split", metavar="NAME", help=splits)
    data.add_argument("--sbd-root", metavar="DIR", help="where SBD lies, for voc's trainaug")
    data.add_argument(
        "--limit",
        type=count_argument,
        metavar="N",
        help="only the first N images (with --only-present, of those there)",
    )
    data.add_argument("--only-present", action="store_true", help="leave out images that lack a file")
    own = parser.add_argument_group("data of your own")
    own.add_argument("--images", metavar="DIR|LIST", help="folder of images, or text file of their paths")
    own.add_argument("--labels-dir", metavar="DIR", help="folder of label images, called as the images are")
    own.add_argument("--label-list", metavar="LIST", help="text file of label images, pairing line by line")
    class_arguments(own)
    own.add_argument("--color-map", metavar="FILE", help="'r g b name' a line: label images show classes in colors")
    own.add_argument(
        "--ignore", type=int, action="append", metavar="V", help="label that does not count; again for more (255)"
    )


def class_arguments(own: argparse._ActionsContainer) -> None:
    """--classes, --labels and --palette."""
    own.add_argument("--classes", type=count_argument, metavar="N", help="how many, where no file names them")
    own.add_argument("--labels", metavar="FILE", help="the classes' names, one a line, in label order")
    own.add_argument("--palette", metavar="FILE", help="the classes' colors, one 'r g b' a line")


def count_argument(text: str) -> int:
    """A whole number of at least one.

    Raises:
        argparse.ArgumentTypeError: the text is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number of at least 1")
    return int(text)


def open_data(
    args: argparse.Namespace,
    needs: Sequence[str],
    *,
    usual: str = "",
    known: LabelSet | None = None,
    strict: bool = False,
    further: Callable[[Sample], Path] | None = None,
) -> Split:
    """The images that the arguments choose; notes about them go to stderr.

    Args:
        args: of `data_arguments`.
        needs: files that every image must have: "image", "labels".
        usual: the data set that lies in --data DIR; "" where --data has to name one.
        known: the classes of the net at hand, for data whose classes nobody names.
        strict: refuse a split whose length is not the published one.
        further: one more file that --only-present asks for, such as an image's prediction.

    Raises:
        DatasetError: no such data, files that are missing, or classes that contradict each other.
    """
    from dataclasses import replace  # which imports `inspect`: too much for --help

    from converter.data.datasets import narrow, open_split
    from converter.data.image_kinds import conversion_note, count_conversions
    from converter.data.images import FORMATS

    chosen, wanted = class_set(args, known), further if args.only_present else None
    if _is_own(args):
        own = _open_own(args, chosen or known)
        split = narrow(own, needs, only_present=args.only_present, limit=args.limit, further=wanted)
    else:
        name, root = _place(args, usual)
        split = open_split(
            name,
            root,
            args.split,
            needs=needs,
            strict=strict,
            only_present=args.only_present,
            limit=args.limit,
            sbd_root=args.sbd_root,
            further=wanted,
        )
        split = replace(split, layout=replace(split.layout, label_set=chosen)) if chosen else split
    kinds = count_conversions([sample.image for sample in split.samples], FORMATS) if "image" in needs else Counter()
    for note in filter(None, (*split.notes, conversion_note(kinds))):
        print(printable(f"note: {note}"), file=sys.stderr)
    return split


def class_set(args: argparse.Namespace, known: LabelSet | None = None) -> LabelSet | None:
    """The classes that --labels, --palette, --color-map or --classes name; None where none is given.

    Raises:
        DatasetError: a file does not read, or they are not of one number of classes.
    """
    from dataclasses import replace

    from converter.data.class_files import read_color_map, read_names, read_palette
    from converter.data.label_sets import numbered_classes

    color_map = getattr(args, "color_map", None)
    colors, names = read_color_map(color_map) if color_map else ((), ())
    names = read_names(args.labels) if args.labels else names
    palette = read_palette(args.palette) if args.palette else colors
    counts = {"--color-map": len(colors), "--labels": len(names), "--palette": len(palette), "--classes": args.classes}
    counts = {option: count for option, count in counts.items() if count}
    if not counts:
        return None
    if len(set(counts.values())) > 1:
        seen = ", ".join(f"{option} {count}" for option, count in counts.items())
        raise DatasetError(f"these name different numbers of classes: {seen}; give as many in each")
    count = next(iter(counts.values()))
    base = known if known is not None and len(known.classes) == count else numbered_classes(count)
    return replace(base, name="own", classes=names or base.classes, palette=palette or base.palette)


def _is_own(args: argparse.Namespace) -> bool:
    return args.data == _OWN or bool(args.images or args.labels_dir or args.label_list)


def _open_own(args: argparse.Namespace, label_set: LabelSet | None) -> Split:
    """Data of one's own, whole."""
    from converter.data.class_files import read_color_map
    from converter.data.datasets.own import OwnFiles, OwnTruth, open_own

    if args.data not in (None, _OWN):
        raise DatasetError(f"--data {args.data} beside files of your own; leave --data out, or say --data lists")
    if label_set is None:
        text = "nothing tells the classes of this data; give --labels FILE (a name a line), --color-map FILE, or"
        raise DatasetError(f"{text} --classes N")
    if args.labels_dir and args.label_list:
        raise DatasetError("--labels-dir and --label-list at once; give the one that goes with --images")
    colors = read_color_map(args.color_map)[0] if args.color_map else ()
    ground_truth = OwnTruth(len(label_set.classes), colors, tuple(args.ignore or (255,)))
    files = OwnFiles(args.images or "", args.labels_dir or "", args.label_list or "")
    return open_own(files, label_set, ground_truth)


def _place(args: argparse.Namespace, usual: str) -> tuple[str, str]:
    """A published data set's name, and where it lies."""
    if args.root:
        name = args.data or usual
        if name:
            return name, str(args.root)
    elif args.data and usual and args.data not in _DATA_SETS:
        return usual, str(args.data)
    wanted = "--data NAME --root DIR (voc, cityscapes, camvid, kitti), or --images DIR --labels-dir DIR"
    if args.data:
        raise DatasetError(f"--data {args.data} without --root; say where it lies: {wanted}")
    raise DatasetError(f"no images to work on; give {wanted}")
