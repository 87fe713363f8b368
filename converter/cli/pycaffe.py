"""`dilatednet pycaffe`: runs a Python script or module whose `import caffe` is answered by this project."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType

from converter.errors import ConversionError
from converter.pytorch.process_settings import apply_process_settings

HELP = "run an old script: its `import caffe` is answered by PyTorch"
EXAMPLES = """
dilatednet pycaffe classify.py --gpu 0 image.jpg
dilatednet pycaffe -m tools.classify image.jpg
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The script or module, and its own arguments, which are left as they are."""
    parser.usage = "dilatednet pycaffe [-h] (SCRIPT.py | -m MODULE) [ARGS ...]"
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help="run this module, with ARGS")
    parser.add_argument("script", metavar="SCRIPT", nargs=argparse.REMAINDER, help="run this script, with ARGS")


def run(args: argparse.Namespace) -> int:
    """Run it as `python` would; its exit code is the command's, 1 where it raised.

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

    apply_process_settings()
    install(shadow=True)
    sys.argv = rest
    try:
        _run(rest[0], is_module=is_module)
    except SystemExit as stop:
        if not isinstance(stop.code, (int, type(None))):
            raise
        return stop.code or 0
    except Exception as error:  # noqa: BLE001 - whatever a script raises is shown as Python shows it
        traceback.print_exception(type(error), error, _script_frames(error.__traceback__, rest[0]))
        return 1
    return 0


def _run(name: str, *, is_module: bool) -> None:
    if is_module:
        sys.path.insert(0, "")
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(name).resolve().parent))
        runpy.run_path(name, run_name="__main__")


def _script_frames(frames: TracebackType | None, script: str) -> TracebackType | None:
    """A traceback from the script's own first line on."""
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename != script:
        first = first.tb_next
    return first or frames
