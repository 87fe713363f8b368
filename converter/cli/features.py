"""`dilatednet features`: a front end's logits of a split, stored for the context stage."""

from __future__ import annotations

import argparse
import sys

from converter.cli._training import open_images, recipe_arguments

HELP = "store a trained front end's outputs, on which the context module trains"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The front end, the images, and the folder of maps."""
    recipe_arguments(parser)
    parser.add_argument("--weights", required=True, metavar="FILE", help="a trained front end's weights")
    parser.add_argument("--out", required=True, metavar="DIR", help="where NAME.bin goes; maps already there are left")
    parser.add_argument("--afresh", action="store_true", help="delete the maps that another front end left there")
    parser.add_argument("--classes", type=int, metavar="N", help="classes of data of your own")
    parser.add_argument(
        "--input-size", type=int, nargs=2, metavar=("H", "W"), help="tile in pixels; default: the published net's"
    )


def run(args: argparse.Namespace) -> int:
    """Extract, with progress."""
    from pathlib import Path

    from tqdm import tqdm

    from converter.dilatednet.training.distributed import select_device
    from converter.dilatednet.training.features import claim_maps, extract, front_end
    from converter.dilatednet.training.recipes import recipe
    from converter.dilatednet.zoo import find
    from converter.errors import DatasetError

    chosen = recipe(args.preset, "frontend", classes=args.classes)
    if not args.data:
        raise DatasetError("no images to work on; give --data DIR")
    split = open_images(args, "image")
    net = front_end(chosen, args.weights)
    net.to(select_device(args.device))
    model = find(chosen.model)
    height, width = args.input_size or model.input_size
    mean, folder = chosen.mean or model.label_set.mean, Path(args.out)
    claim_maps(folder, net, args.weights, mean, (height, width), afresh=args.afresh)
    with tqdm(total=len(split.samples), disable=None, unit="image") as bar:
        made = extract(net, split.samples, folder, mean, (height, width), lambda *_: bar.update())
    print(f"{made} maps made, {len(split.samples) - made} were there: {args.out}", file=sys.stderr)
    return 0
