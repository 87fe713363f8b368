"""`dilatednet caffe`: Caffe's own program: train, test, time, device_query, with its flags and its log lines."""

from __future__ import annotations

import argparse

from converter.pytorch.process_settings import apply_process_settings

HELP = "Caffe's program: caffe train|test|time|device_query, with its flags and log lines"
EXAMPLES = """
dilatednet caffe train --solver=solver.prototxt --weights=start.caffemodel
dilatednet caffe test --model=net.prototxt --weights=net.caffemodel --iterations=100
"""
ACTIONS = ("train", "test", "time", "device_query")
_EFFECTS = ("stop", "snapshot", "none")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Caffe's flags, with one or two dashes each (tools/caffe.cpp)."""
    parser.add_argument("action", choices=ACTIONS, help="what to do")
    flags = {
        "solver": "the solver.prototxt to train by",
        "model": "the net's prototxt, for test and time",
        "weights": "start or score with these weights; several with commas between them",
        "snapshot": "go on from this .solverstate",
        "gpu": "the number of a CUDA device; the CPU without it",
        "phase": "TRAIN or TEST, for time (default TRAIN)",
        "stage": "stages that layers' rules may ask for, with commas between them",
    }
    for name, text in flags.items():
        parser.add_argument(f"-{name}", f"--{name}", default="", help=text)
    parser.add_argument("-level", "--level", type=int, default=0, help="level that layers' rules may ask for")
    parser.add_argument("-iterations", "--iterations", type=int, default=50, help="passes of test and time")
    for signal, effect in (("sigint", "stop"), ("sighup", "snapshot")):
        flag = f"{signal}_effect"
        parser.add_argument(
            f"-{flag}", f"--{flag}", choices=_EFFECTS, default=effect, help=f"what {signal} does (default {effect})"
        )


def run(args: argparse.Namespace) -> int:
    """Do it, with log lines on stderr."""
    apply_process_settings()
    from converter.pycaffe import brew

    options = {name: value for name, value in vars(args).items() if name in brew.Options.__dataclass_fields__}
    getattr(brew, args.action)(brew.Options(**options))
    return 0
