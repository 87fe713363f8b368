"""`dilatednet init`: a net at its start as a weights file, to try the program with or to train from."""

from __future__ import annotations

import argparse

from converter.cli._data import class_arguments, class_set, count_argument

HELP = "write a net's start (random front end or VGG-16's, identity context) as a weights file"
EXAMPLES = """
dilatednet init kitti --width 4 -o w.safetensors
dilatednet init pascal_voc --weights vgg_conv.caffemodel --labels names.txt -o start.safetensors
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL -o FILE, and how the net differs from the published one."""
    parser.add_argument("model", metavar="MODEL", help="a published net or its data set: pascal_voc, kitti, …")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="a .safetensors file")
    parser.add_argument("--width", type=count_argument, default=0, metavar="N", help="channels of conv1_1 (64)")
    parser.add_argument(
        "--fc-width", type=count_argument, default=0, metavar="N", help="of fc6 and fc7 (4096; with --width 32 × it)"
    )
    parser.add_argument("--no-context", action="store_true", help="the front end alone")
    parser.add_argument(
        "--weights", metavar="FILE", help="VGG-16's: torchvision's vgg16 (.pth), or vgg_conv.caffemodel"
    )
    parser.add_argument(
        "--prototxt", metavar="NET", help="also write the net itself, for `convert`, `verify`, `inspect`"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (0)")
    class_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file, and say what it is and what it is not."""
    from converter.dilatednet.initial_file import initial_model, write_initial
    from converter.dilatednet.topology import prototxt
    from converter.dilatednet.training.initial_weights import read_named
    from converter.dilatednet.zoo import find
    from converter.errors import OutputError
    from converter.files.atomic import atomic_write

    if not args.output.endswith(".safetensors"):
        raise OutputError("name a .safetensors file: the others cannot say what net they are of", path=args.output)
    labels = class_set(args)
    model = initial_model(
        find(args.model), width=args.width, fc_width=args.fc_width, labels=labels, context=not args.no_context
    )
    given = read_named(args.weights, model.label_set.mean) if args.weights else None
    count = write_initial(args.output, model, args.seed, given)
    args.result = {"out": args.output, "model": model.name, "values": count, "weights": args.weights, "seed": args.seed}
    args.result["prototxt"] = args.prototxt
    if args.prototxt:
        with atomic_write(args.prototxt) as file:
            file.write(prototxt(model.topology, model.name, model.input_size).encode())
    origin = "VGG-16's front end" if given else f"drawn, seed {args.seed}"
    print(f"{args.output}: {count:,} values, {origin}; its labels mean nothing until it is trained")
    return 0
