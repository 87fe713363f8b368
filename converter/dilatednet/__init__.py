"""The reproduction: the published DilatedNets, their data sets, and labelling images with them.

Names are looked up when they are asked for, so that the zoo, the palettes and the image reader come without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.data.images import read_image
    from converter.dilatednet.inference.predict import predict
    from converter.dilatednet.loading import load
    from converter.dilatednet.model import Context, DilatedNet, FrontEnd
    from converter.dilatednet.topology import Topology
    from converter.dilatednet.zoo import ZOO, Model, find, palette

__all__ = [
    "ZOO",
    "Context",
    "DilatedNet",
    "FrontEnd",
    "Model",
    "Topology",
    "find",
    "load",
    "palette",
    "predict",
    "read_image",
]

_HOME = {
    "ZOO": "zoo",
    "Context": "model",
    "DilatedNet": "model",
    "FrontEnd": "model",
    "Model": "zoo",
    "Topology": "topology",
    "find": "zoo",
    "load": "loading",
    "palette": "zoo",
    "predict": "inference.predict",
    "read_image": "converter.data.images",
}


def __getattr__(name: str) -> Any:
    """A public name, out of the module that defines it."""
    if name in _HOME:
        home = _HOME[name] if _HOME[name].startswith("converter.") else f"{__name__}.{_HOME[name]}"
        return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
