"""`dilatednet train frontend|context|joint`: the paper's training, resumable, on one machine or several."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.cli._common import add_common_arguments
from converter.cli._data import class_set, open_data
from converter.cli._stages import EXAMPLES as PAPER_RUNS
from converter.cli._stages import NUMBERS, STAGES, stage_arguments
from converter.errors import TrainingError, printable

if TYPE_CHECKING:
    from converter.data.label_sets import LabelSet
    from converter.dilatednet.training.recipes import Recipe
    from converter.dilatednet.training.sources import Source

HELP = "train the front end, the context module, or both, as the paper did"
EXAMPLES = """
dilatednet train frontend --preset voc --data voc --root DIR --weights vgg_conv.caffemodel --out runs/front
dilatednet train joint --preset voc --data voc --root DIR --weights runs/front --weights runs/context --out runs/joint
"""
_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a process."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The stage, each with the options that apply to it."""
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, text in STAGES.items():
        example = f"the paper's run on PASCAL VOC:\n  {PAPER_RUNS[name]}"
        usage = "%(prog)s --preset NAME --out DIR [options]"
        stage = stages.add_parser(
            name, help=text, description=text, epilog=example, formatter_class=parser.formatter_class, usage=usage
        )
        stage_arguments(stage, name)
        add_common_arguments("train", stage)
        for action in stage._actions:  # what stood before the stage's name is not undone by what is not said after it
            if action.dest in ("max_memory", "allow_files", "json", "quiet"):
                action.default = argparse.SUPPRESS


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
    start = Start(tuple(args.weights), getattr(args, "from_scratch", False), args.resume, args.afresh)
    outcome = train_stage(
        chosen,
        source,
        options,
        start,
        device=args.device,
        tell=_note,
        report=_report,
        validation=_validation(args),
        on_request=_print_stopping,
    )
    args.result = {name: getattr(outcome, name) for name in ("finished", "iteration", "weights")}
    if not outcome.finished:
        args.error = TrainingError(f"stopped by signal {outcome.stopped_by} after iteration {outcome.iteration}")
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
    values = {name: getattr(args, name, None) for name in (*NUMBERS, "mirror", "upsampled_labels")}
    for name in ("stepvalues", "mean"):
        given = getattr(args, name, None)
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


def _validation(args: argparse.Namespace) -> tuple[Source, int] | None:
    """The pairs to measure on, and after how many updates; None without --val.

    Raises:
        DatasetError: neither a split's name nor two folders, or no such data.
    """
    from converter.errors import DatasetError

    if not args.val:
        return None
    if len(args.val) > 2:
        raise DatasetError(f"--val with {len(args.val)} names; give a split's, or a folder of images and one of labels")
    other = argparse.Namespace(**{**vars(args), "features": args.val_features, "limit": None})
    if len(args.val) == 2:
        other.data, other.images, other.labels_dir, other.label_list = None, args.val[0], args.val[1], None
    else:
        other.split = args.val[0]
    if args.stage == "context" and not args.val_features:
        raise DatasetError("--val in the context stage measures on stored features; give --val-features DIR")
    return _source(other, _known(args)[1]), args.val_every


def _report(line: str) -> None:
    """A line above the bar, or alone where there is none."""
    from tqdm import tqdm

    tqdm.write(printable(line), file=sys.stderr)


def _note(text: str) -> None:
    print(printable(f"note: {text}"), file=sys.stderr)


def _print_stopping() -> None:
    """Says that a signal was heard; the signal may have come in the middle of a print, which must not be entered."""
    os.write(2, b"\nfinishing this update, then saving; once more ends at once, without\n")
