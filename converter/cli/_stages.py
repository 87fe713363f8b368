"""The options of each stage of training, in groups: only those that say something about it."""

from __future__ import annotations

import argparse

from converter.cli._data import count_argument, data_arguments

STAGES = {
    "frontend": "train the front end on images, from VGG-16 or a front end trained before",
    "context": "train the context module on a front end's stored outputs (see `dilatednet features`)",
    "joint": "train front end and context module together, from both",
}
EXAMPLES = {
    "frontend": "dilatednet train frontend --preset voc --data voc --root DIR --sbd-root DIR --split trainaug \\\n"
    "      --weights vgg_conv.caffemodel --out runs/front",
    "context": "dilatednet features runs/front --data voc --root DIR --sbd-root DIR --split trainaug --out maps\n"
    "  dilatednet train context --preset voc --data voc --root DIR --sbd-root DIR --split trainaug \\\n"
    "      --features maps --out runs/context",
    "joint": "dilatednet train joint --preset voc --data voc --root DIR --sbd-root DIR --split trainaug \\\n"
    "      --weights runs/front --weights runs/context --out runs/joint",
}
"""The paper's run of each stage, as the epilogue of its help."""

_EVERY, _IMAGES, _CONTEXT = ("frontend", "context", "joint"), ("frontend", "joint"), ("context", "joint")

NUMBERS: dict[str, tuple[type, str, tuple[str, ...]]] = {
    "batch": (int, "items a pass and process", _EVERY),
    "crop": (int, "pixels a side: 372 + a multiple of 8", _IMAGES),
    "rate": (float, "learning rate", _EVERY),
    "momentum": (float, "of SGD", _EVERY),
    "iterations": (int, "updates", _EVERY),
    "weight_decay": (float, "L2, of weights", _EVERY),
    "policy": (str, "fixed, step, exp, inv, multistep, poly or sigmoid", _EVERY),
    "gamma": (float, "the policy's factor", _EVERY),
    "power": (float, "of inv and poly", _EVERY),
    "stepsize": (int, "of step and sigmoid", _EVERY),
    "accumulate": (int, "passes an update", _EVERY),
    "clip_gradients": (float, "largest norm of all gradients; below 0: none", _EVERY),
    "dropout": (float, "share dropped after fc6 and fc7", _IMAGES),
    "width": (int, "channels of conv1_1", _IMAGES),
    "fc_width": (int, "channels of fc6 and fc7", _IMAGES),
    "context": (str, "basic or large", _CONTEXT),
    "depth": (int, "context layers", _CONTEXT),
    "noise": (float, "deviation of the identity start's noise; 0: none", _CONTEXT),
    "seed": (int, "of order, augmentation, dropout and start", _EVERY),
}
"""Options that are a recipe's numbers: type, help, and the stages that have them."""


def stage_arguments(parser: argparse.ArgumentParser, stage: str) -> None:
    """The stage's data, its start and result, how it runs, and the numbers of its recipe."""
    parser.add_argument("--preset", required=True, help="voc, voc-coco, voc-coco-finetune, camvid, kitti or cityscapes")
    data_arguments(parser, "default: train (the paper's VOC: trainaug)")
    if stage == "context":
        parser.add_argument("--features", metavar="DIR", help="what `dilatednet features` wrote")
    else:
        parser.set_defaults(features=None)
    _add_result(parser, stage)
    _add_validation(parser, stage)
    _add_run(parser)
    _add_numbers(parser, stage)


def _add_result(parser: argparse.ArgumentParser, stage: str) -> None:
    """What the stage begins with, and where its results go."""
    group = parser.add_argument_group("start and result")
    starts = {
        "frontend": "start: vgg_conv.caffemodel, torchvision's vgg16 (.pth), or a run's folder",
        "context": "start: a run's folder, instead of the identity",
        "joint": "start: the runs of front end and context; may be given again",
    }
    group.add_argument("--weights", action="append", default=[], metavar="FILE|RUN", help=starts[stage])
    if stage != "context":
        group.add_argument("--from-scratch", action="store_true", help="go without start weights for the front end")
    group.add_argument("--out", required=True, metavar="DIR", help="checkpoints, log.jsonl, weights.safetensors")
    begun = group.add_mutually_exclusive_group()
    begun.add_argument("--resume", action="store_true", help="go on where DIR holds a run, else begin")
    begun.add_argument("--afresh", action="store_true", help="begin again where DIR holds a run, which is deleted")


def _add_validation(parser: argparse.ArgumentParser, stage: str) -> None:
    """What the stage is measured on while it is trained."""
    group = parser.add_argument_group("validation while training")
    group.add_argument(
        "--val", nargs="+", metavar="V", help="a split's name, or a folder of images and one of their labels"
    )
    group.add_argument(
        "--val-every", type=count_argument, default=2000, metavar="N", help="updates (default 2000), and at the end"
    )
    if stage == "context":
        group.add_argument("--val-features", metavar="DIR", help="what `dilatednet features` wrote of these images")
    else:
        parser.set_defaults(val_features=None)


def _add_run(parser: argparse.ArgumentParser) -> None:
    """How the stage runs, without a say in what comes out but for rounding."""
    group = parser.add_argument_group("how it runs")
    group.add_argument("--device", default="", help="cpu, cuda or cuda:N; default: a GPU where there is one")
    group.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32", help="of sums of products")
    group.add_argument("--channels-last", action="store_true", help="memory layout that GPUs' bf16 prefers")
    group.add_argument("--workers", type=int, default=2, metavar="N", help="loading processes (default 2)")
    group.add_argument("--checkpoint-every", type=int, default=2000, metavar="N", help="updates (default 2000)")
    group.add_argument("--keep", type=int, default=3, metavar="K", help="newest checkpoints kept (default 3)")
    group.add_argument("--log-every", type=int, default=20, metavar="N", help="updates a line (default 20)")
    group.add_argument(
        "--divergence-stop",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="end the run where its loss over 50 updates is above 10 ln(classes); a loss that is no number always does",
    )


def _add_numbers(parser: argparse.ArgumentParser, stage: str) -> None:
    """The recipe's numbers that the stage has."""
    group = parser.add_argument_group("the recipe's numbers, each by default the preset's")
    for name, (kind, text, stages) in NUMBERS.items():
        if stage in stages:
            group.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper(), help=text)
    group.add_argument("--stepvalues", type=int, nargs="+", metavar="N", help="of multistep")
    group.add_argument("--mirror", action=argparse.BooleanOptionalAction, help="flip half of the items")
    if stage != "context":
        group.add_argument("--mean", type=float, nargs=3, metavar=("B", "G", "R"), help="subtracted from images")
        group.add_argument(
            "--upsampled-labels", action=argparse.BooleanOptionalAction, help="labels of every pixel (fyu's --up)"
        )
