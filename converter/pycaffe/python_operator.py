"""Python layers of scripts as layer types: the class is imported by the net that names it, and runs on its blobs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from converter.layers.kit.known_python_layers import KNOWN_PYTHON_LAYERS
from converter.layers.kit.python_layers import PYTHON_LAYERS
from converter.layers.layer import Blob as BlobSpec
from converter.layers.layer import Operator, Shapes
from converter.net.fillers import Filler
from converter.net.names import indexed_names
from converter.net.net import Net, Phase
from converter.net.params import Params
from converter.net.splits import NetLayer
from converter.pycaffe.blob import Blob, BlobVec
from converter.pycaffe.errors import CaffeError
from converter.pycaffe.layer import Layer

if TYPE_CHECKING:
    from torch import nn

PHASES: dict[Phase, int] = {"train": 0, "test": 1}


class PythonOperator(Operator):
    """A script's layer in the plan: `setup` and `reshape` give its blobs and shapes; the net calls the rest."""

    type = "Python"
    script_layer: Layer
    bottom: list[Blob]
    top: list[Blob]

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """What `reshape` gave the tops."""
        del bottoms
        return [blob.shape for blob in self.top]

    def reshape(self) -> None:
        """Let the layer follow its bottoms' shapes."""
        self.script_layer.reshape(self.bottom, self.top)

    def module(self) -> nn.Module:
        """A holder of the layer's blobs, so that weights files and solvers find them."""
        import torch
        from torch import nn

        holder = nn.Module()
        for blob in self.blobs:
            holder.register_parameter(blob.name, nn.Parameter(torch.empty(blob.shape)))
        return holder


class PythonLayers:
    """The Python layers of one net, by layer name: each class is imported and set up once.

    Args:
        layers: the net's layers.
        blob: gives the net's blob of a name.
    """

    def __init__(self, layers: Sequence[NetLayer], blob: Callable[[str], Blob]) -> None:
        self._layers = {layer.name: layer for layer in layers}
        self._blob = blob
        self.operators: dict[str, PythonOperator] = {}

    @contextmanager
    def register_classes(self, net: Net) -> Iterator[None]:
        """While the body runs, Python layers of `net` are known by the classes that it names.

        A class that everyone has met (KNOWN_PYTHON_LAYERS) is our own where the script's Python finds no such module:
        the old one asks for Python 2 and compiled helpers.

        Raises:
            CaffeError: a module or class that is not there, or is no `caffe.Layer`.
        """
        keys = [_names(layer.params()) for layer in net.layers if layer.type == "Python"]
        before = dict(PYTHON_LAYERS)
        for key in keys:
            if key not in before and not (key in KNOWN_PYTHON_LAYERS and _is_missing(key[0])):
                PYTHON_LAYERS[key] = self._maker(_import_class(*key))  # type: ignore[assignment]
        try:
            yield
        finally:
            PYTHON_LAYERS.clear()
            PYTHON_LAYERS.update(before)

    def _maker(self, kind: type[Layer]) -> Callable[..., PythonOperator]:
        def make(params: Params, bottoms: Shapes, *, tops: int, phase: Phase) -> PythonOperator:
            known = self.operators.get(params.layer)
            operator = known or self._new(kind, params, tops, phase)
            for blob, shape in zip(operator.bottom, bottoms, strict=True):
                blob.reshape(*shape)
            if known is None:
                operator.script_layer.setup(operator.bottom, operator.top)
            operator.reshape()
            operator.blobs = [_blob_named(index, blob.shape) for index, blob in enumerate(operator.script_layer.blobs)]
            self.operators[params.layer] = operator
            return operator

        return make

    def _new(self, kind: type[Layer], params: Params, tops: int, phase: Phase) -> PythonOperator:
        operator = PythonOperator(params, [], tops=tops, phase=phase)
        view = params.message("python_param")
        layer = kind.__new__(kind)
        layer.param_str, layer.phase, layer.blobs = view.text("param_str", ""), PHASES[phase], BlobVec()
        view.take_rest()
        kind.__init__(layer, None)
        operator.script_layer = layer
        operator.bottom = [self._blob(name) for name in self._layers[params.layer].bottoms]
        operator.top = [self._blob(name) for name in self._layers[params.layer].tops]
        return operator


def _blob_named(index: int, shape: tuple[int, ...]) -> BlobSpec:
    name = indexed_names(Operator.blob_names, index + 1)[index]
    return BlobSpec(name, shape, Filler())


def _names(params: Params) -> tuple[str, str]:
    view = params.message("python_param")
    return view.text("module"), view.text("layer")


def _is_missing(module: str) -> bool:
    return importlib.util.find_spec(module.partition(".")[0]) is None


def _import_class(module: str, name: str) -> type[Layer]:
    """The class that python_param names.

    Raises:
        CaffeError: it is not there, or is no `caffe.Layer`.
    """
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        text = f"python_param names class {name!r} of module {module!r}: {error}"
        raise CaffeError(f"{text}; put the module's folder on PYTHONPATH") from error
    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        raise CaffeError(f"{module}.{name} is no subclass of caffe.Layer; derive it from caffe.Layer")
    return kind
