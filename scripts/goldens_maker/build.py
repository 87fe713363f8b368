"""The user's pycaffe: importing it, and asking whether it has what a golden needs.

Caffe ends the whole process where a net names a layer that was not compiled in, so that is asked before.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import ModuleType


class NoCaffeError(Exception):
    """There is no pycaffe, or not one that can do this."""


def imported() -> ModuleType:
    """The `caffe` module, quiet and on the CPU.

    Raises:
        NoCaffeError: it cannot be imported; the text says what to do.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        import caffe
    except ImportError as error:
        raise NoCaffeError(
            f"`import caffe` fails: {error}; build pycaffe, put its folder on PYTHONPATH (as in "
            "PYTHONPATH=~/caffe/python scripts/make-goldens), and run this with the Python it was built for"
        ) from error
    if not hasattr(caffe, "Net"):
        raise NoCaffeError("the `caffe` that Python finds has no Net; it is no pycaffe; put yours first on PYTHONPATH")
    caffe.set_mode_cpu()
    return caffe


def missing_types(caffe: ModuleType, prototxt: Path) -> list[str]:
    """The layer types in a (present-day) prototxt that this build does not have."""
    known = set(caffe.layer_type_list()) if hasattr(caffe, "layer_type_list") else None
    return [] if known is None else [kind for kind in layer_types(prototxt) if kind not in known]


def layer_types(prototxt: Path) -> list[str]:
    """The types of a prototxt's layers; fillers' types, which stand deeper, are not among them."""
    depth, found, text = 0, [], prototxt.read_text()
    for match in re.finditer(r'\{|\}|"[^"]*"|#[^\n]*|\btype:\s*"(\w+)"', text):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if match[1] and depth == 1:
            found.append(match[1])
    return list(dict.fromkeys(found))
