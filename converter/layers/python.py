"""Python: a layer that the user writes."""

from __future__ import annotations

from typing import Any

from converter.errors import UnsupportedLayerError
from converter.layers.kit.python_layers import PYTHON_LAYERS
from converter.layers.layer import Operator, Shapes, layer
from converter.net.net import Phase
from converter.net.params import Params


@layer("Python")
class Python(Operator):
    """Stands for the operator that `converter.python_layer(module, class)` registered for python_param's two names.

    Source: include/caffe/layers/python_layer.hpp.
    """

    def __new__(cls, params: Params, bottoms: Shapes, *, tops: int, phase: Phase) -> Any:
        """The registered operator, set up with the same parameters.

        Raises:
            UnsupportedLayerError: none is registered.
        """
        view = params.message("python_param")
        names = view.text("module"), view.text("layer")
        found = PYTHON_LAYERS.get(names)
        if found is None:
            where = params.record.where
            raise UnsupportedLayerError(
                f"module {names[0]!r}, class {names[1]!r} is Python code, which a prototxt does not hold; "
                f"write it as an operator and register it with @converter.python_layer({names[0]!r}, {names[1]!r})",
                types=("Python",),
                path=where.path,
                line=where.line,
            )
        return found(params, bottoms, tops=tops, phase=phase)
