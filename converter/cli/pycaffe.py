"""`dilatednet pycaffe`: runs a Python script or module whose `import caffe` is answered by this project."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from converter.errors import ConversionError

HELP = "run an old script: its `import caffe` is answered by PyTorch"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The script or module, and its own arguments, which are left as they are."""
    parser.usage = "dilatednet pycaffe [-h] (SCRIPT.py | -m MODULE) [ARGS ...]"
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help="run this module, with ARGS")
    parser.add_argument("script", metavar="SCRIPT", nargs=argparse.REMAINDER, help="run this script, with ARGS")


def run(args: argparse.Namespace) -> int:
    """Run it as `python` would; its exit code is the command's.

    Raises:
        ConversionError: nothing to run.
    """
    is_module = args.module is not None
    rest: list[str] = args.module if is_module else args.script
    if not rest:
        raise ConversionError("nothing to run; give SCRIPT.py, or -m MODULE, and its arguments")
    if not is_module and not Path(rest[0]).is_file():
        raise ConversionError("no such script; check the path", path=rest[0])
    from converter.pycaffe.install import install

    install(shadow=True)
    sys.argv = rest
    try:
        if is_module:
            sys.path.insert(0, "")
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(rest[0]).resolve().parent))
            runpy.run_path(rest[0], run_name="__main__")
    except SystemExit as stop:
        if not isinstance(stop.code, (int, type(None))):
            raise
        return stop.code or 0
    return 0
