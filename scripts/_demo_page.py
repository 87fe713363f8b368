"""Runs the demo's converted net on fresh scenes: IoU to the screen, a page, and with --picture the README's picture."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.demo_net.comparison import compare
from scripts.demo_net.net import CAFFEMODEL, PROTOTXT
from scripts.demo_net.page import iou_rows, write_demo_page
from scripts.demo_net.panels import write_picture

SHOWN = 3
"""Scenes whose panels are drawn."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=str(CAFFEMODEL), help="the net's weights, in any format")
    parser.add_argument("--scenes", type=int, default=24, metavar="N", help="fresh scenes to score (24)")
    parser.add_argument("--page", default=str(ROOT / "out/demo/demo.html"), metavar="FILE")
    parser.add_argument(
        "--picture", metavar="FILE", help="the same panels as a PNG; the README's: docs/images/demo.png"
    )
    return parser.parse_args()


def main() -> int:
    args = arguments()
    comparison = compare(PROTOTXT, args.weights, args.scenes)
    Path(args.page).parent.mkdir(parents=True, exist_ok=True)
    write_demo_page(args.page, comparison, SHOWN)
    print(f"{'IoU, %':8} {'front end alone':>15} {'with context':>12} {'gain':>6}")
    for name, before, after, gain in iou_rows(comparison):
        print(f"{name:8} {before:>15} {after:>12} {gain:>6}")
    print(args.page)
    if args.picture:
        write_picture(args.picture, comparison, SHOWN)
        print(args.picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
