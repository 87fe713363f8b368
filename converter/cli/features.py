"""`dilatednet features`: a front end's logits of a split, stored for the context stage."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from converter.cli._data import class_set, data_arguments, open_data
from converter.errors import ConversionError

if TYPE_CHECKING:
    from converter.dilatednet.zoo import Model

HELP = "store a trained front end's outputs, on which the context module trains"
EXAMPLES = """
dilatednet features runs/front --data voc --root DIR --split trainaug --sbd-root DIR --out maps
dilatednet features --preset camvid --weights front.safetensors --data camvid --root DIR --out maps
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The front end, the images, and the folder of maps."""
    parser.add_argument("front_end", nargs="?", metavar="RUN", help="the folder that `train frontend` wrote")
    parser.add_argument("--preset", help="voc, camvid, kitti, cityscapes …: the net that --weights are for")
    parser.add_argument("--device", default="", help="cpu, cuda or cuda:N; default: a GPU where there is one")
    data_arguments(parser, "default: train")
    parser.add_argument("--weights", metavar="FILE", help="a trained front end's weights, instead of RUN")
    parser.add_argument("--out", required=True, metavar="DIR", help="where NAME.bin goes; maps already there are left")
    parser.add_argument("--afresh", action="store_true", help="delete the maps that another front end left there")
    parser.add_argument(
        "--input-size", type=int, nargs=2, metavar=("H", "W"), help="tile in pixels; default: the published net's"
    )


def run(args: argparse.Namespace) -> int:
    """Extract, with progress."""
    from pathlib import Path

    from tqdm import tqdm

    from converter.dilatednet.training.distributed import select_device
    from converter.dilatednet.training.features import claim_maps, extract, front_end
    from converter.dilatednet.zoo import find

    model, weights = _front_end_of(args)
    args.split = args.split or "train"
    split = open_data(args, ("image",), usual=find(model.name).label_set.name, known=model.label_set)
    net = front_end(model, weights)
    net.to(select_device(args.device))
    height, width = args.input_size or model.input_size
    folder = Path(args.out)
    claim_maps(folder, model, weights, (height, width), afresh=args.afresh)
    with tqdm(total=len(split.samples), disable=None, unit="image") as bar:
        mean = model.label_set.mean
        made = extract(net, split.samples, folder, mean, (height, width), lambda *_: bar.update())
    args.result = {"out": args.out, "model": model.name, "made": made, "present": len(split.samples) - made}
    print(f"{made} maps made, {len(split.samples) - made} were there: {args.out}", file=sys.stderr)
    return 0


def _front_end_of(args: argparse.Namespace) -> tuple[Model, str]:
    """The net and its weights file: of a run, or of a preset with the classes that the arguments name.

    Raises:
        ConversionError: neither is given, both are, or they do not read.
    """
    from converter.dilatednet.trained import find_model, weights_file
    from converter.dilatednet.training.recipes import recipe
    from converter.dilatednet.training.stages import trained_model

    if bool(args.front_end) == bool(args.weights):
        raise ConversionError("give a front end: either RUN, a folder that `train frontend` wrote, or --weights FILE")
    if args.front_end:
        model = find_model(args.front_end)
        if not model.weights:
            raise ConversionError(f"{model.name} is a published net; give its weights: --preset NAME --weights FILE")
        return model, model.weights
    if not args.preset:
        raise ConversionError("--weights without --preset; say which net they are for: --preset voc, camvid, …")
    labels = class_set(args)
    chosen = recipe(args.preset, "frontend", classes=len(labels.classes) if labels else None)
    return trained_model(chosen, labels), weights_file(args.weights)
