"""Inputs whose shapes no file states, asked for all at once, with the arguments that give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from converter.errors import ShapeError
from converter.layers.kit.unknown_types import UnknownSource, nearest_types, operator_for
from converter.layers.layer import Operator
from converter.net.net import Layer, Net, Shape

_LETTERS = {4: "NCHW", 3: "NHW", 2: "NC", 1: "N"}


@dataclass(frozen=True, slots=True)
class MissingInput:
    """A top whose shape is unknown: `partial` has the sizes that the file does state, 0 for the others."""

    layer: Layer
    top: str
    partial: Shape

    @property
    def argument(self) -> str:
        """`data=32,3,H,W`: what to give, with letters for what only the user knows."""
        letters = _LETTERS.get(len(self.partial), "NCHW")
        sizes = self.partial or (0,) * len(letters)
        named = [str(size) if size else letters[i] if i < len(letters) else "?" for i, size in enumerate(sizes)]
        return f"{self.top}={','.join(named)}"


def missing_inputs(net: Net, given: Mapping[str, Shape]) -> list[MissingInput]:
    """Every top of an input layer whose shape neither the file nor the caller states.

    Raises:
        ConversionError: an input layer's fields do not read; configuring it says so with the layer's name.
    """
    found: list[MissingInput] = []
    for layer in net.layers:
        # What is registered for a script's Python layer is a function: the net asks it, not the caller.
        kind = operator_for(layer)
        if isinstance(kind, type) and kind.is_input and any(top not in given for top in layer.tops):
            operator = kind(layer.params(), [], tops=len(layer.tops), phase=layer.phase)
            found += [item for item in _unstated(layer, operator) if item.top not in given]
    return found


def check_stated(net: Net, given: Mapping[str, Shape]) -> None:
    """Refuse a net with inputs of unknown shape.

    Raises:
        ShapeError: names every one of them, and the arguments that give their shapes.
    """
    missing = missing_inputs(net, given)
    if not missing:
        return
    names = ", ".join(repr(item.top) for item in missing)
    words = " ".join(f"--input-shape {item.argument}" for item in missing)
    keywords = ", ".join(f"{item.top!r}: ({_as_tuple(item.argument)})" for item in missing)
    first = missing[0].layer
    raise ShapeError(
        f"layer {first.name!r} ({first.type}): the file does not state the shape of {names}; give {words} "
        f"(inputs={{{keywords}}}){_why_fed(first)}",
        path=first.where.path,
        line=first.where.line,
        layer=first.name,
    )


def _why_fed(layer: Layer) -> str:
    """What else can be done about a source of an unknown kind."""
    if operator_for(layer) is not UnknownSource:
        return ""
    if layer.type == "Python":
        view = layer.params().message("python_param")
        names = f"{view.text('module', '')!r}, {view.text('layer', '')!r}"
        return (
            f", or write the class as an operator and register it with @converter.python_layer({names}), or run the "
            "class itself with converter.pycaffe (dilatednet pycaffe SCRIPT)"
        )
    return f", or correct the type, which is not registered{nearest_types(layer.type)}"


def _as_tuple(argument: str) -> str:
    """`32,3,H,W` of `data=32,3,H,W` as Python writes a tuple's items."""
    items = argument.rpartition("=")[2].split(",")
    return f"{items[0]}," if len(items) == 1 else ", ".join(items)


def _unstated(layer: Layer, operator: Operator) -> list[MissingInput]:
    """A layer's tops of unknown shape. An Input may state a scalar, whose shape is ()."""
    stated = list(operator.top_shapes([]))
    if stated and operator.type == "Input" and all(shape == () for shape in stated):
        return []
    partial = list(operator.partial_shapes)
    return [
        MissingInput(layer, top, partial[i] if i < len(partial) else ())
        for i, top in enumerate(layer.tops)
        if i >= len(stated) or not stated[i]
    ]
