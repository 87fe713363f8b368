"""`dilatednet caffe`: Caffe's program (train, test, time, device_query), with its flags, log lines and exit codes."""

from __future__ import annotations

import argparse

from converter.errors import ConversionError
from converter.pytorch.process_settings import apply_process_settings

HELP = "Caffe's program: caffe train|test|time|device_query, with its flags and log lines"
EXAMPLES = """
dilatednet caffe train --solver=solver.prototxt --weights=start.caffemodel
dilatednet caffe test --model=net.prototxt --weights=net.caffemodel --iterations=100
"""
ACTIONS = ("train", "test", "time", "device_query")
ABORTED = 134
"""What a shell sees of a process that a failed CHECK has ended: 128 and the number of SIGABRT, 6."""

_FLAGS = {
    "solver": "the solver.prototxt to train by",
    "model": "the net's prototxt, for test and time",
    "weights": "start or score with these weights; several with commas between them",
    "snapshot": "go on from this .solverstate",
    "gpu": "the number of a CUDA device; the CPU without it",
    "phase": "TRAIN or TEST, for time (default TRAIN)",
    "stage": "stages that layers' rules may ask for, with commas between them",
    "log_dir": "write the log to a file in this folder, too",
}
_OF_GLOG = ("logtostderr", "alsologtostderr", "stderrthreshold", "v")
"""Flags of glog that change nothing here: the log goes to stderr."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Caffe's flags, with one or two dashes each (tools/caffe.cpp), and glog's."""
    parser.add_argument("action", nargs="+", metavar="ACTION", help=f"what to do: {', '.join(ACTIONS)}")
    for name, text in _FLAGS.items():
        parser.add_argument(f"-{name}", f"--{name}", default="", help=text)
    parser.add_argument("-level", "--level", type=int, default=0, help="level that layers' rules may ask for")
    parser.add_argument("-iterations", "--iterations", type=int, default=50, help="passes of test and time")
    parser.add_argument("-minloglevel", "--minloglevel", type=int, help="log from this severity on, 0 to 3 (default 0)")
    for signal, effect in (("sigint", "stop"), ("sighup", "snapshot")):
        text = f"what {signal} does: stop, snapshot or none (default {effect})"
        parser.add_argument(f"-{signal}_effect", f"--{signal}_effect", default=effect, help=text)
    for name in _OF_GLOG:
        parser.add_argument(f"-{name}", f"--{name}", nargs="?", const="", help=argparse.SUPPRESS)
    parser.set_defaults(parser=parser)


def status(error: Exception) -> int:
    """Caffe's exit code for what was raised: a CHECK aborts, gflags ends with 1, a call without an action with 0."""
    if isinstance(error, ConversionError):
        return ABORTED
    return 0 if str(error).endswith("required: ACTION") else 1


def run(args: argparse.Namespace) -> int:
    """Do it, with log lines on stderr.

    Raises:
        ConversionError: no such action, or it fails.
    """
    if len(args.action) != 1:
        args.parser.print_help()
        return 0
    action = args.action[0]
    if action not in ACTIONS:
        raise ConversionError(f"unknown action {action!r}; expected {', '.join(ACTIONS)}")
    apply_process_settings()
    from converter.pycaffe import brew, glog

    if args.minloglevel is not None:
        glog.init_log(args.minloglevel)
    options = {name: value for name, value in vars(args).items() if name in brew.Options.__dataclass_fields__}
    with glog.log_file(args.log_dir):
        getattr(brew, action)(brew.Options(**options))
    return 0
