"""`dilatednet convert WEIGHTS OUT`: weights from one file format to another, or a whole net as source or a graph."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from converter.cli._batch import batch_arguments, batch_requested, run_batch
from converter.cli._shapes import crop_argument, shape_argument, until_argument
from converter.cli._values import set_argument
from converter.errors import printable

if TYPE_CHECKING:
    from converter.net.preprocessing import Preprocessing

_FIELDS = ("out", "layers", "blobs", "parameters", "bytes", "seconds", "notes")
HELP = "convert weights: .caffemodel .h5 .safetensors .npz .pth, each into any other; with NET .py .onnx .pt2 FOLDER/"
EXAMPLES = """
dilatednet convert net.caffemodel net.safetensors
dilatednet convert net.caffemodel model.onnx --prototxt net.prototxt --verify
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    weights = parser.add_argument("weights", metavar="WEIGHTS", help="the file to read, which its first bytes tell")
    out = parser.add_argument(
        "out",
        metavar="OUT",
        help="the file to write: .safetensors .pth .npz .h5 .caffemodel, or with NET .py .onnx .pt2 FOLDER/; "
        "of a mean.binaryproto: .npy .npz .png",
    )
    weights.required = out.required = False  # for --all; nargs="?" would let no option stand between the two
    batch_arguments(parser)
    parser.add_argument("--prototxt", metavar="NET", help="check layers and shapes against this net")
    until_argument(parser, "for .py .onnx .pt2: ")
    parser.add_argument(
        "--input", dest="inputs", action="append", type=shape_argument, default=[], metavar="NAME=N,C,H,W",
        help="for .py .onnx .pt2: shape of an input that the file does not state, or another one",
    )  # fmt: skip
    parser.add_argument(
        "--fold-preprocessing", action="store_true",
        help="for .py .onnx .pt2: the net takes R, G, B in 0 to 255; its first convolution does order, mean, scale",
    )  # fmt: skip
    parser.add_argument(
        "--verify", action="store_true", help="compare with the oracle first; the card of a FOLDER/ tells the errors"
    )
    parser.add_argument("--train-val", metavar="NET", help="prototxt whose data layer says how images are prepared")
    parser.add_argument("--mean", metavar="B,G,R", help="mean that the net's images have taken off: numbers, or a file")
    parser.add_argument("--scale", type=float, default=1.0, help="factor after the mean")
    parser.add_argument("--color", choices=("bgr", "rgb", "gray"), default="bgr", help="the net's channels")
    parser.add_argument("--stage", action="append", default=[], metavar="NAME", help="stage that NET's rules ask for")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="level that NET's rules ask for")
    crop_argument(parser)
    set_argument(parser)
    parser.add_argument("--key", metavar="NAME", help="the name under which a .pth that holds more has its state_dict")
    parser.add_argument(
        "--no-checksum", action="store_true", help="leave out the source's SHA-256, which takes as long as the rest"
    )
    parser.add_argument("--allow-nan", action="store_true", help="keep numbers that are not finite")
    parser.add_argument("--allow-unused", action="store_true", help="leave out layers that NET does not have")
    parser.add_argument("--allow-unknown", action="store_true", help="accept unknown layers and fields")


def run(args: argparse.Namespace) -> int:
    """Convert, and say what was written."""
    if batch_requested(args):
        return run_batch(args)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's idle threads would spin where the source is hashed
    from converter.export.convert import convert

    options = {
        name: getattr(args, name) for name in ("key", "level", "crop", "allow_nan", "allow_unused", "allow_unknown")
    }
    report = convert(
        args.weights, args.out, args.prototxt, until=args.until, inputs=dict(args.inputs), stages=tuple(args.stage),
        preprocessing=_preprocessing_argument(args), fold_preprocessing=args.fold_preprocessing,
        parity=_parity(args), checksum=not args.no_checksum, values=dict(args.values), **options,
    )  # fmt: skip
    args.result = {name: getattr(report, name) for name in _FIELDS}
    args.result |= {"source": args.weights, "sha256": report.sha256 or None}
    for note in report.notes:
        print(printable(f"note: {note}"))
    size = f"{report.layers} layers, {report.blobs} blobs, {report.parameters:,} parameters"
    size = size if report.layers else f"a mean of {report.parameters:,} numbers"
    print(f"{report.out}: {size}, {report.bytes:,} bytes in {report.seconds:.2f} s")
    print(f"source: {args.weights} sha256 {report.sha256 or 'not recorded'}")
    return 0


def _preprocessing_argument(args: argparse.Namespace) -> Preprocessing | str | None:
    """What the options say of the net's images, or the prototxt that does; None where they say nothing."""
    if args.train_val is not None:
        return str(args.train_val)
    if args.mean is None and args.scale == 1 and args.color == "bgr":
        return None
    from converter.formats.mean import read_mean
    from converter.net.preprocessing import Preprocessing

    try:
        numbers = tuple(float(text) for text in args.mean.split(",")) if args.mean else ()
    except ValueError:
        return Preprocessing(mean_image=read_mean(args.mean), scale=args.scale, color=args.color)
    return Preprocessing(mean=numbers, scale=args.scale, color=args.color)


def _parity(args: argparse.Namespace) -> dict[str, float] | None:
    """Relative error of each output on seeded random inputs, where --verify asks for it.

    Raises:
        ComparisonError: a blob is out of its tolerance.
    """
    if not args.verify or args.prototxt is None:
        return None
    from converter.verify.parity import parity

    options = {name: getattr(args, name) for name in ("key", "level", "crop", "allow_unknown")}
    options |= {
        "until": tuple(args.until),
        "stages": tuple(args.stage),
        "inputs": dict(args.inputs),
        "values": dict(args.values),
    }
    return parity(args.prototxt, args.weights, **options)
