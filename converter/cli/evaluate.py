"""`dilatednet evaluate`: a net over a data set's split, scored as the paper measures; torchrun shares it out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli import _network
from converter.cli._data import count_argument, open_data
from converter.cli._device import check_device
from converter.cli._scores import publish, split_arguments
from converter.pytorch.process_settings import apply_process_settings

if TYPE_CHECKING:
    import torch

    from converter.data.datasets import Sample, Split
    from converter.data.labels import Labels
    from converter.dilatednet.evaluation.evaluate import Labeller
    from converter.dilatednet.evaluation.metrics import Matrix
    from converter.dilatednet.training.distributed import Processes
    from converter.dilatednet.zoo import Model

_ON_CUDA = 8

HELP = "run a net over a data set: IoU by class beside the paper's (torchrun shares the images out)"
EXAMPLES = """
dilatednet evaluate pascal_voc --weights dilation8_pascal_voc.caffemodel --data voc --root DIR
dilatednet evaluate runs/joint --images photos --labels-dir labels --json result.json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The net, the split, and what is kept."""
    _network.model_arguments(parser)
    _network.arguments(parser)
    parser.add_argument("--resume", metavar="DIR", help="keep finished images here, and go on with those that are")
    parser.add_argument("--save-predictions", metavar="DIR", help="also write each label image, as score reads them")
    parser.add_argument(
        "--workers", type=count_argument, metavar="N", help="threads that read images ahead (1; CUDA: 8)"
    )
    parser.add_argument(
        "--batch", type=count_argument, metavar="N", help="tiles of equal size that run together (1; CUDA: 8)"
    )
    split_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate this process's share; the first process gathers and prints."""
    apply_process_settings()
    from converter.dilatednet.evaluation.results import Result
    from converter.dilatednet.paper import paper_row
    from converter.dilatednet.training.distributed import init_process_group

    model = _network.select_model(args)
    split = open_data(args, ("image", "labels"), known=model.label_set, strict=args.strict)
    _check_classes(model, split)
    row = paper_row(split.layout.name, split.name, len(split.classes), args.paper_row)
    check_device(args.device)
    with init_process_group(args.device) as processes:
        about = {**_network.net_facts(args, model), **_data_facts(args, split)}
        if processes.is_main:
            _claim_folders(args, model)
        processes.wait()
        label = _labeller(args, model, processes.device)
        counts = _gather_counts(_count_share(args, split, about, label, processes), processes, split)
        if processes.is_main:
            publish(Result(split, counts, row, about), args, _report_labels(args, split, label))
    return 0


def _count_share(
    args: argparse.Namespace, split: Split, about: dict[str, Any], label: Labeller, processes: Processes
) -> dict[str, Matrix]:
    """This process's share of the images, counted by name; finished ones are kept where that is asked for."""
    from converter.dilatednet.evaluation.evaluate import evaluate
    from converter.dilatednet.evaluation.journal import Journal

    with Journal(args.resume, about, processes.rank) if args.resume else nullcontext() as journal:
        return evaluate(
            split,
            label,
            journal=journal,
            save=args.save_predictions,
            workers=args.workers or _usual(processes.device),
            batch=args.batch or _usual(processes.device),
            share=(processes.rank, processes.count),
            progress=processes.is_main,
        )


def _usual(device: torch.device) -> int:
    """Images read ahead, and tiles run together, where nothing else is asked for."""
    return _ON_CUDA if device.type == "cuda" else 1


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


def _claim_folders(args: argparse.Namespace, model: Model) -> None:
    """Begin the folders afresh where that is asked for, and note who fills the one of predictions."""
    from converter.dilatednet.evaluation.journal import forget

    if args.resume and args.afresh:
        forget(args.resume)
    if args.save_predictions:
        facts = _network.net_facts(args, model)
        _network.claim_labels(Path(args.save_predictions), facts, afresh=args.afresh)


def _check_classes(model: Model, split: Split) -> None:
    """Refuse a net that knows another number of classes than the data has."""
    from converter.errors import ConversionError

    if len(model.label_set.classes) != len(split.classes):
        raise ConversionError(
            f"{model.name} knows {len(model.label_set.classes)} classes, {split.layout.title} {len(split.classes)}; "
            "name the data set that the model was made for"
        )


def _data_facts(args: argparse.Namespace, split: Split) -> dict[str, Any]:
    """What is measured, as far as the counts depend on it; each image's files are compared by themselves."""
    from converter.files.folder_record import file_digest

    facts = {"data": split.layout.name, "split_name": split.name, "classes": len(split.classes)}
    reading = {
        "ignore": sorted(set(args.ignore)) if args.ignore else None,
        "color_map_sha256": file_digest(args.color_map) if args.color_map else None,
    }
    return facts | {name: value for name, value in reading.items() if value}


def _labeller(args: argparse.Namespace, model: Model, place: torch.device) -> Labeller:
    """The net as a function from images to their labels; on CUDA to labels that are still to come."""
    from converter.dilatednet.inference.batches import begin_many, predict_many
    from converter.dilatednet.inference.crf import make_crf
    from converter.dilatednet.inference.predict import predict

    device, batch = str(place), args.batch or _usual(place)
    module, size = _network.network(args, model, device)
    if args.crf:
        crf = make_crf(args.crf)
        return lambda images: [predict(module, image, model, input_size=size, crf=crf) for image in images]
    label = begin_many if device.startswith("cuda") else predict_many
    return lambda images: label(module, images, model, input_size=size, batch=batch)
