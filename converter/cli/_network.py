"""The net that `predict` and `evaluate` label images with, on the device and in the type that were asked for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli._device import check_device
from converter.dilatednet.inference.crf import PRESETS
from converter.errors import ConversionError, WeightsError, printable

if TYPE_CHECKING:
    from converter.dilatednet.zoo import Model
    from converter.fast import AcceleratedModule

DTYPES = ("float32", "tf32", "bfloat16", "float16")
_CUDA_ONLY = ("tf32", "float16")
_LABELS = "label images"
"""What a folder's record calls them."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """--prototxt, --allow-unknown, --device, --dtype, --compile and --crf."""
    parser.add_argument("--prototxt", metavar="NET", help="run this net, layer by layer, instead of MODEL's own")
    parser.add_argument(
        "--allow-unknown", action="store_true", help="accept unknown layers and fields of NET, and list them"
    )
    parser.add_argument(
        "--device", default="cpu", help="cpu, cuda, cuda:1, ...; under torchrun cuda is each process's own"
    )
    parser.add_argument(
        "--dtype", choices=DTYPES, default="float32", help="tf32 and float16 on CUDA only (default float32)"
    )
    parser.add_argument("--compile", action="store_true", help="hand the net to torch's compiler; for long runs")
    parser.add_argument(
        "--crf",
        nargs="?",
        const="deeplab",
        metavar="NAME",
        help=f"sharpen labels by a dense CRF: {', '.join(PRESETS)} (without a name: deeplab)",
    )
    parser.add_argument(
        "--afresh", action="store_true", help="write into a folder over what another net or other options left there"
    )


def model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL and --weights."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a folder that `train` wrote, or a published net or its data set: dilation8_pascal_voc, kitti, …",
    )
    parser.add_argument(
        "--weights",
        metavar="W",
        help="of a published net: .caffemodel, .h5, .safetensors or .pth; of a context run: its front end's",
    )


def select_model(args: argparse.Namespace) -> Model:
    """The net that MODEL names, once it is clear where its weights are.

    Raises:
        ConversionError: no such net. WeightsError: a published net without weights, or files that are not there.
    """
    from converter.dilatednet.trained import find_model, weights_file

    model = find_model(args.model)
    if not model.topology.classes:
        raise ConversionError(f"{model.name} has no classes; it starts a training; name another model")
    if args.weights:
        args.weights = weights_file(args.weights)
    elif not model.weights:
        raise WeightsError(
            f"{model.name} is a published net, and needs --weights. At once you can: give a file that you have, of any "
            "format (`dilatednet convert` checks it); train one from torchvision's VGG-16 or from scratch (`dilatednet "
            f"train frontend --help`) and name its folder; or try a small random one (`dilatednet init {args.model} "
            "--width 4 -o w.safetensors`, then w.safetensors in the model's place)"
        )
    return model


def network(args: argparse.Namespace, model: Model, device: str) -> tuple[AcceleratedModule, tuple[int, int] | None]:
    """The net, made fast, and the tile size that its prototxt states where it has one.

    Raises:
        ConversionError: the device is not there, or the net or its weights do not read.
    """
    import torch

    check_device(device)
    from converter.fast import accelerate

    if args.dtype in _CUDA_ONLY and not device.startswith("cuda"):
        raise ConversionError(f"--dtype {args.dtype} on {device}; a CPU does not compute in it; add --device cuda")
    dtype = torch.float32 if args.dtype == "tf32" else getattr(torch, args.dtype)
    how = {"dtype": dtype, "device": device, "tf32": args.dtype == "tf32", "compiled": args.compile}
    how["graphs"] = device.startswith("cuda")  # on the CPU an image's maps do not depend on the images before it
    if args.prototxt is None:
        from converter.dilatednet.loading import load

        return accelerate(load(model, args.weights), **how), None
    import converter

    net = converter.load(args.prototxt, args.weights or model.weights, allow_unknown=args.allow_unknown)
    for note in net.notes:
        print(printable(f"note: {note}"))
    shapes = [shape for shape in net.inputs.values() if len(shape) == 4]
    size = (shapes[0][2], shapes[0][3]) if len(shapes) == 1 else None
    return accelerate(net, **how), size


def net_facts(args: argparse.Namespace, model: Model) -> dict[str, Any]:
    """What decides an image's labels, for a folder's record.

    Raises:
        CaffemodelError: the weights or the prototxt do not read.
    """
    from converter.files.folder_record import file_digest

    digests = [file_digest(path) for path in (model.weights, args.weights) if path]
    return {
        "model": model.name,
        "weights_sha256": ", ".join(digests),
        "prototxt_sha256": file_digest(args.prototxt) if args.prototxt else None,
        "dtype": args.dtype,
        "crf": args.crf,
    }


def check_labels(folder: Path, facts: dict[str, Any], *, afresh: bool) -> None:
    """Raise OutputError where another net made a folder's label images, unless they are begun `afresh`."""
    from converter.files.folder_record import check_folder

    check_folder(folder, _LABELS, facts, leftovers=False if afresh else None)


def claim_labels(folder: Path, facts: dict[str, Any], *, afresh: bool) -> None:
    """Check, and note in the folder which net makes its label images from now on."""
    from converter.files.folder_record import claim_folder

    claim_folder(folder, _LABELS, facts, leftovers=False if afresh else None)
