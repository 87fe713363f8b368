"""Caffe's models in PyTorch: read, convert, load, run, check. Names are imported when they are first used.

`read_net`, `read_weights`, `read_mean` and `convert` never import torch; `load` gives a `CaffeModule`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter import dilatednet, errors
    from converter.errors import (
        CaffemodelError,
        ComparisonError,
        ConversionError,
        DatasetError,
        DownloadError,
        GraphError,
        ImageError,
        OutputError,
        PrototxtError,
        ShapeError,
        TrainingError,
        UnsupportedLayerError,
        UnsupportedParameterError,
        WeightsError,
    )
    from converter.export.convert import convert
    from converter.export.pretrained import from_pretrained, save_pretrained
    from converter.formats.mean import read_mean
    from converter.layers.kit.python_layers import python_layer
    from converter.layers.layer import Blob, Call, Operator, layer
    from converter.net.net import Layer, Net
    from converter.net.preprocessing import Preprocessing
    from converter.net.reading import read_net
    from converter.plan.stored_weights import read_weights
    from converter.pytorch.caffe_module import CaffeModule
    from converter.pytorch.features import features
    from converter.pytorch.finetuning import freeze, parameter_groups, replace_head
    from converter.pytorch.folding import fold_preprocessing
    from converter.pytorch.loading import load
    from converter.verify.batch.convert import convert_all

__version__ = "0.1.0"

_HOMES = {
    "Blob": "converter.layers.layer",
    "CaffeModule": "converter.pytorch.caffe_module",
    "Call": "converter.layers.layer",
    "Layer": "converter.net.net",
    "Net": "converter.net.net",
    "Operator": "converter.layers.layer",
    "Preprocessing": "converter.net.preprocessing",
    "convert": "converter.export.convert",
    "convert_all": "converter.verify.batch.convert",
    "features": "converter.pytorch.features",
    "fold_preprocessing": "converter.pytorch.folding",
    "freeze": "converter.pytorch.finetuning",
    "from_pretrained": "converter.export.pretrained",
    "layer": "converter.layers.layer",
    "load": "converter.pytorch.loading",
    "parameter_groups": "converter.pytorch.finetuning",
    "python_layer": "converter.layers.kit.python_layers",
    "read_mean": "converter.formats.mean",
    "read_net": "converter.net.reading",
    "read_weights": "converter.plan.stored_weights",
    "replace_head": "converter.pytorch.finetuning",
    "save_pretrained": "converter.export.pretrained",
}
_MODULES = {
    "dilatednet": "converter.dilatednet",
    "errors": "converter.errors",
    "process_settings": "converter.pytorch.process_settings",
}
_ERRORS = (
    "ConversionError",
    "PrototxtError",
    "CaffemodelError",
    "GraphError",
    "UnsupportedLayerError",
    "UnsupportedParameterError",
    "ShapeError",
    "WeightsError",
    "ImageError",
    "DatasetError",
    "DownloadError",
    "ComparisonError",
    "TrainingError",
    "OutputError",
)
_HOMES.update(dict.fromkeys(_ERRORS, "converter.errors"))

__all__ = [
    "Blob",
    "CaffeModule",
    "CaffemodelError",
    "Call",
    "ComparisonError",
    "ConversionError",
    "DatasetError",
    "DownloadError",
    "GraphError",
    "ImageError",
    "Layer",
    "Net",
    "Operator",
    "OutputError",
    "Preprocessing",
    "PrototxtError",
    "ShapeError",
    "TrainingError",
    "UnsupportedLayerError",
    "UnsupportedParameterError",
    "WeightsError",
    "convert",
    "convert_all",
    "dilatednet",
    "errors",
    "features",
    "fold_preprocessing",
    "freeze",
    "from_pretrained",
    "layer",
    "load",
    "parameter_groups",
    "python_layer",
    "read_mean",
    "read_net",
    "read_weights",
    "replace_head",
    "save_pretrained",
]


def __getattr__(name: str) -> Any:
    """The public name, from the module that defines it (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'converter' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return __all__
