"""`dilatednet evaluate`: a net over a data set's split, scored as the paper measures; torchrun shares it out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli import _network
from converter.cli._device import check_device
from converter.cli._scores import open_from, publish, split_arguments
from converter.pytorch.process_settings import apply_process_settings

if TYPE_CHECKING:
    from converter.data.datasets import Sample, Split
    from converter.data.labels import Labels
    from converter.dilatednet.evaluation.evaluate import Labeller
    from converter.dilatednet.evaluation.metrics import Matrix
    from converter.dilatednet.training.distributed import Processes

_ON_CUDA = 8
"""Images read ahead, and tiles run together, where nothing else is asked for."""

HELP = "run a net over a data set: IoU by class beside the paper's (torchrun shares the images out)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The net, the split, and what is kept."""
    parser.add_argument("model", metavar="MODEL", help="a published net: dilation8_pascal_voc, …")
    parser.add_argument("--weights", required=True, metavar="W", help=".caffemodel, .h5, .safetensors or .pth")
    _network.arguments(parser)
    parser.add_argument("--resume", metavar="DIR", help="keep finished images here, and go on with those that are")
    parser.add_argument("--save-predictions", metavar="DIR", help="also write each label image, as score reads them")
    parser.add_argument("--workers", type=_positive, metavar="N", help="threads that read images ahead (1; CUDA: 8)")
    parser.add_argument(
        "--batch", type=_positive, metavar="N", help="tiles of equal size that run together (1; CUDA: 8)"
    )
    split_arguments(parser)


def _positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number of at least 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Evaluate this process's share; the first process gathers and prints."""
    apply_process_settings()
    from converter.dilatednet.evaluation.evaluate import evaluate
    from converter.dilatednet.evaluation.journal import Journal
    from converter.dilatednet.evaluation.results import Result
    from converter.dilatednet.paper import paper_row
    from converter.dilatednet.training.distributed import init_process_group

    split = open_from(args, ("image", "labels"))
    row = paper_row(split.layout.name, split.name, len(split.classes), args.paper_row)
    check_device(args.device)
    with init_process_group(args.device) as processes:
        about = _run_record(args, split)
        usual = _ON_CUDA if processes.device.type == "cuda" else 1
        workers, batch = args.workers or usual, args.batch or usual
        label = _labeller(args, str(processes.device), batch)
        kept = Journal(args.resume, about, processes.rank) if args.resume else nullcontext()
        with kept as journal:
            counts = evaluate(
                split,
                label,
                journal=journal,
                save=args.save_predictions,
                workers=workers,
                batch=batch,
                share=(processes.rank, processes.count),
                progress=processes.is_main,
            )
        counts = _gather_counts(counts, processes, split)
        if processes.is_main:
            publish(Result(split, counts, row, about), args, _report_labels(args, split, label))
    return 0


def _report_labels(args: argparse.Namespace, split: Split, label: Labeller) -> Callable[[Sample], Labels]:
    """The predictions for the report: those saved, or made once more."""
    from converter.data.images import read_image
    from converter.dilatednet.evaluation.evaluate import resolve
    from converter.dilatednet.evaluation.score import read_prediction

    if args.save_predictions:
        return lambda sample: read_prediction(args.save_predictions, split, sample)
    return lambda sample: resolve(label([read_image(sample.image)])[0])


def _gather_counts(counts: dict[str, Matrix], processes: Processes, split: Split) -> dict[str, Matrix]:
    """All processes' counts, in the split's order."""
    every = [counts]
    if processes.count > 1:
        from torch import distributed

        shares: list[Any] = [None] * processes.count
        distributed.all_gather_object(shares, counts)
        every = shares
    union = {name: matrix for share in every for name, matrix in share.items()}
    return {sample.name: union[sample.name] for sample in split.samples}


def _run_record(args: argparse.Namespace, split: Split) -> dict[str, Any]:
    """What is run, as far as the counts depend on it."""
    from converter.dilatednet.zoo import find
    from converter.download.lockfile import digest
    from converter.errors import ConversionError, WeightsError

    model = find(args.model)
    if len(model.label_set.classes) != len(split.classes):
        raise ConversionError(
            f"{model.name} knows {len(model.label_set.classes)} classes, {split.layout.title} {len(split.classes)}; "
            "name the data set that the model was made for"
        )
    if not Path(args.weights).is_file():
        raise WeightsError("no such weights; `dilatednet download` fetches the published ones", path=args.weights)
    return {
        "model": model.name,
        "weights_sha256": digest(Path(args.weights)),
        "prototxt": Path(args.prototxt).read_text(errors="replace") if args.prototxt else None,
        "dtype": args.dtype,
        "data": split.layout.name,
        "split_name": split.name,
        "classes": len(split.classes),
    }


def _labeller(args: argparse.Namespace, device: str, batch: int) -> Labeller:
    """The net as a function from images to their labels; on CUDA to labels that are still to come."""
    from converter.dilatednet.inference.batches import begin_many, predict_many

    module, size = _network.network(args, args.model, device)
    label = begin_many if device.startswith("cuda") else predict_many
    return lambda images: label(module, images, args.model, input_size=size, batch=batch)
