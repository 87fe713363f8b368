"""Caffe's models in PyTorch: read, convert, load, run, check. Names are imported when they are first used.

`read_net`, `read_weights` and `convert` never import torch; `load` gives a `CaffeModule`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter import dilatednet, errors
    from converter.conversion import convert
    from converter.formats.weights import read_weights
    from converter.graph.net import Layer, Net
    from converter.loading import load, read_net
    from converter.module import CaffeModule
    from converter.operator import Blob, Call, Operator, layer
    from converter.python_layers import python_layer

__version__ = "0.1.0"

_HOMES = {
    "Blob": "converter.operator",
    "CaffeModule": "converter.module",
    "Call": "converter.operator",
    "Layer": "converter.graph.net",
    "Net": "converter.graph.net",
    "Operator": "converter.operator",
    "convert": "converter.conversion",
    "layer": "converter.operator",
    "load": "converter.loading",
    "python_layer": "converter.python_layers",
    "read_net": "converter.loading",
    "read_weights": "converter.formats.weights",
}
_MODULES = frozenset({"dilatednet", "errors"})

__all__ = [
    "Blob",
    "CaffeModule",
    "Call",
    "Layer",
    "Net",
    "Operator",
    "convert",
    "dilatednet",
    "errors",
    "layer",
    "load",
    "python_layer",
    "read_net",
    "read_weights",
]


def __getattr__(name: str) -> Any:
    """The public name, from the module that defines it (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(f"converter.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'converter' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return __all__
