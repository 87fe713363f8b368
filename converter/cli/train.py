"""`dilatednet train frontend|context|joint`: the paper's training, resumable, on one machine or several."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli._data import class_set, data_arguments, open_data
from converter.errors import printable

if TYPE_CHECKING:
    from converter.data.label_sets import LabelSet
    from converter.dilatednet.training.recipes import Recipe
    from converter.dilatednet.training.sources import Source

HELP = "train the front end, the context module, or both, as the paper did"
_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a process."""

_NUMBERS: dict[str, tuple[type, str]] = {
    "batch": (int, "items a pass and process"),
    "crop": (int, "pixels a side: 372 + a multiple of 8"),
    "rate": (float, "learning rate"),
    "momentum": (float, "of SGD"),
    "iterations": (int, "updates"),
    "weight_decay": (float, "L2, of weights"),
    "policy": (str, "fixed, step, exp, inv, multistep, poly or sigmoid"),
    "gamma": (float, "the policy's factor"),
    "power": (float, "of inv and poly"),
    "stepsize": (int, "of step and sigmoid"),
    "accumulate": (int, "passes an update"),
    "clip_gradients": (float, "largest norm of all gradients; below 0: none"),
    "dropout": (float, "share dropped after fc6 and fc7"),
    "context": (str, "basic or large"),
    "depth": (int, "context layers"),
    "width": (int, "channels of conv1_1"),
    "fc_width": (int, "channels of fc6 and fc7"),
    "noise": (float, "deviation of the identity start's noise; 0: none"),
    "seed": (int, "of order, augmentation, dropout and start"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The stage, its data, its start, how it runs; and every number of the recipe."""
    parser.add_argument("stage", choices=("frontend", "context", "joint"))
    parser.add_argument("--preset", required=True, help="voc, voc-coco, voc-coco-finetune, camvid, kitti or cityscapes")
    data_arguments(parser, "default: train (the paper's VOC: trainaug)")
    parser.add_argument("--device", default="", help="cpu, cuda or cuda:N; default: a GPU where there is one")
    parser.add_argument("--features", metavar="DIR", help="context stage: what `dilatednet features` wrote")
    parser.add_argument("--weights", action="append", default=[], metavar="FILE", help="start; may be given again")
    parser.add_argument("--from-scratch", action="store_true", help="go without start weights for the front end")
    parser.add_argument("--out", required=True, metavar="DIR", help="checkpoints, log.jsonl, weights.safetensors")
    begun = parser.add_mutually_exclusive_group()
    begun.add_argument("--resume", action="store_true", help="go on where DIR holds a run, else begin")
    begun.add_argument("--afresh", action="store_true", help="begin again where DIR holds a run, which is deleted")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    parser.add_argument("--channels-last", action="store_true", help="memory layout that GPUs' bf16 prefers")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="loading processes (default 2)")
    parser.add_argument("--checkpoint-every", type=int, default=2000, metavar="N", help="updates (default 2000)")
    parser.add_argument("--keep", type=int, default=3, metavar="K", help="newest checkpoints kept (default 3)")
    parser.add_argument("--log-every", type=int, default=20, metavar="N", help="updates a line (default 20)")
    parser.add_argument(
        "--divergence-stop",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="end the run where its loss over 50 updates is above 10 ln(classes); a loss that is no number always does",
    )
    numbers = parser.add_argument_group("the recipe's numbers, each by default the preset's")
    for name, (kind, text) in _NUMBERS.items():
        numbers.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper(), help=text)
    numbers.add_argument("--stepvalues", type=int, nargs="+", metavar="N", help="of multistep")
    numbers.add_argument("--mean", type=float, nargs=3, metavar=("B", "G", "R"), help="subtracted from images")
    numbers.add_argument("--mirror", action=argparse.BooleanOptionalAction, help="flip half of the items")
    numbers.add_argument(
        "--upsampled-labels", action=argparse.BooleanOptionalAction, help="labels of every pixel (fyu's --up)"
    )


def run(args: argparse.Namespace) -> int:
    """Train, and say where the weights are."""
    from converter.dilatednet.training.loop import RunOptions
    from converter.dilatednet.training.run import Start, train_stage

    chosen, source = _what(args)
    options = RunOptions(
        folder=Path(args.out),
        precision=args.precision,
        channels_last=args.channels_last,
        workers=args.workers,
        checkpoint_every=args.checkpoint_every,
        keep=args.keep,
        log_every=args.log_every,
        divergence_stop=args.divergence_stop,
    )
    start = Start(tuple(args.weights), args.from_scratch, args.resume, args.afresh)
    outcome = train_stage(chosen, source, options, start, device=args.device, tell=_note, on_request=_print_stopping)
    if not outcome.finished:
        if outcome.first:
            _note(f"stopped after iteration {outcome.iteration}, saved; go on with --resume, use {outcome.weights}")
        return _SIGNALLED + outcome.stopped_by
    if outcome.first:
        print(outcome.weights)
    return 0


def _what(args: argparse.Namespace) -> tuple[Recipe, Source]:
    """The recipe, and the pairs to train on; start weights and stored features tell what the arguments do not."""
    from converter.dilatednet.training.recipes import recipe
    from converter.dilatednet.zoo import find

    numbers, known = _known(args)
    source = _source(args, known)
    labels = class_set(args, known) or known
    if labels and len(labels.classes) != find(recipe(args.preset, args.stage).model).topology.classes:
        numbers["classes"] = len(labels.classes)
    return recipe(args.preset, args.stage, **{**numbers, **_overrides(args)}), source


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    values = {name: getattr(args, name) for name in (*_NUMBERS, "mirror", "upsampled_labels")}
    for name in ("stepvalues", "mean"):
        given = getattr(args, name)
        values[name] = tuple(given) if given is not None else None
    return {name: value for name, value in values.items() if value is not None}


def _known(args: argparse.Namespace) -> tuple[dict[str, Any], LabelSet | None]:
    """The recipe's numbers and the classes that start weights and stored features bring along."""
    from converter.dilatednet.trained import numbers_of_runs
    from converter.dilatednet.training.features import classes_of_maps
    from converter.dilatednet.training.recipes import recipe

    numbers, labels = numbers_of_runs(args.weights, recipe(args.preset, args.stage).model)
    return numbers, classes_of_maps(args.features) if args.features else labels


def _source(args: argparse.Namespace, known: LabelSet | None) -> Source:
    """The pairs to train on: a split's images, or stored feature maps in their place, with label images."""
    from converter.dilatednet.training.recipes import recipe
    from converter.dilatednet.training.sources import from_split, map_path
    from converter.dilatednet.zoo import find
    from converter.errors import DatasetError

    usual = find(recipe(args.preset, args.stage).model).label_set.name
    args.split = args.split or "train"
    if args.stage != "context" or (args.images and not args.features):
        return from_split(open_data(args, ("image", "labels"), usual=usual, known=known))
    if not args.features:
        raise DatasetError("the context stage trains on stored features; make them, and give --features DIR")
    split = open_data(args, ("labels",), usual=usual, known=known, further=partial(map_path, Path(args.features)))
    return from_split(split, args.features, only_present=args.only_present)


def _note(text: str) -> None:
    print(printable(f"note: {text}"), file=sys.stderr)


def _print_stopping() -> None:
    """Says that a signal was heard; the signal may have come in the middle of a print, which must not be entered."""
    os.write(2, b"\nfinishing this update, then saving; once more ends at once, without\n")
