"""The command: which groups there are, making them, comparing what was made with what is stored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from goldens_maker import data, fillers, formats, layers, nets, predict, solver
from goldens_maker.build import NoCaffeError, imported
from goldens_maker.comparing import differences

STORED = Path(__file__).resolve().parent.parent.parent / "tests" / "goldens"


class Group(NamedTuple):
    """A folder of goldens, which Caffe makes it, and how."""

    build: str
    make: Callable[[ModuleType, Path, Path], Iterator[str]]


GROUPS = {
    "layers": Group("BVLC master", layers.make),
    "forks/ssd_yolo": Group("SSD with YOLO's layers", layers.make),
    "forks/segnet": Group("SegNet", layers.make),
    "forks/pspnet": Group("PSPNet", layers.make),
    "forks/faster_rcnn": Group("Faster R-CNN", layers.make),
    "nets/mini": Group("BVLC master", nets.make),
    "nets/full": Group("BVLC master; minutes, 8 GB", nets.make),
    "nets/identity": Group("fyu's fork", fillers.make_identity),
    "nets/fillers": Group("BVLC master", fillers.make_fillers),
    "nets/solver": Group("fyu's fork", solver.make),
    "nets/formats": Group("BVLC master, its tools on the PATH", formats.make),
    "nets/data": Group("fyu's fork", data.make),
    "predict": Group("BVLC master; minutes", predict.make),
}


def main(arguments: list[str] | None = None) -> int:
    """0: made, and equal where that was asked; 1: something differs; 2: no Caffe, or wrong usage."""
    parser = argparse.ArgumentParser(prog="make-goldens", description="Make the goldens again with your pycaffe.")
    parser.add_argument("--list", action="store_true", help="the groups and the Caffe that each needs")
    parser.add_argument("--only", action="append", choices=sorted(GROUPS), metavar="GROUP", help="may be given again")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="where they go, in folders as in tests/goldens"
    )
    parser.add_argument("--compare", type=Path, metavar="DIR", help="say what differs from these (tests/goldens)")
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(f"{name:18} {group.build}" for name, group in GROUPS.items()))
        return 0
    if given.output is None:
        parser.error("-o DIR is missing")
    if given.output.resolve() == STORED:
        parser.error("-o names the stored goldens themselves; give another folder and --compare")
    try:
        caffe = imported()
    except NoCaffeError as error:
        print(f"make-goldens: {error}", file=sys.stderr)
        return 2
    return _made(caffe, given)


def _made(caffe: ModuleType, given: argparse.Namespace) -> int:
    found: list[str] = []
    for name in given.only or GROUPS:
        target = given.output.resolve() / name
        print(f"{name}:")
        for told in GROUPS[name].make(caffe, STORED / name, target):
            print(f"  {told}")
        if given.compare:
            found += [f"{name}/{told}" for told in differences(given.compare / name, target)]
    if given.compare:
        print("\n".join(found) or "every array agrees with the stored one")
    return 1 if found else 0
