"""DummyData: constant tops of given shapes; random ones must be given by the caller.

Source: src/caffe/layers/dummy_data_layer.cpp.
"""

from __future__ import annotations

from reference.fillers import fill
from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "DummyData"
MESSAGES = ("dummy_data_param",)
IS_INPUT = True


def _shapes(layer: Layer, params: Params) -> list[tuple[int, ...]]:
    shapes = [tuple(shape.integers("dim")) for shape in params.each("shape", "shape")]
    if not shapes:
        sides = [params.integers(name) for name in ("num", "channels", "height", "width")]
        shapes = list(zip(*sides, strict=False))
    if len(shapes) not in (1, len(layer.tops)):
        raise layer.error(f"has {len(shapes)} shapes for {len(layer.tops)} tops; expected one, or one each")
    return shapes * len(layer.tops) if len(shapes) == 1 else shapes


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """No bottoms; returns one filled blob a top, of its stated shape."""
    params = layer.params("dummy_data_param")
    fillers = params.each("data_filler", "filler") or [Params("filler", [], layer.where, layer.path)]
    if len(fillers) not in (1, len(layer.tops)):
        raise layer.error(f"has {len(fillers)} fillers for {len(layer.tops)} tops; expected none, one, or one each")
    fillers = fillers * len(layer.tops) if len(fillers) == 1 else fillers
    pairs = zip(_shapes(layer, params), fillers, strict=True)
    return [fill(Parameter(shape, filler)) for shape, filler in pairs]
