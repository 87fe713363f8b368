"""Refuses layers of types that are not known, all of them at once."""

from __future__ import annotations

from converter.errors import UnsupportedLayerError
from converter.layers.kit.unknown_types import nearest_types, operator_for
from converter.net.net import Net


def check_types(net: Net) -> None:
    """Refuse layer types that are not registered; sources of data are inputs, Python layers say what to do themselves.

    Raises:
        UnsupportedLayerError: names them.
    """
    unknown = [layer for layer in net.layers if layer.type != "Python" and operator_for(layer) is None]
    if not unknown:
        return
    first = {layer.type: layer for layer in reversed(unknown)}
    types = tuple(dict.fromkeys(layer.type for layer in unknown))
    places = "; ".join(
        f"{_quote(kind)} (layer {_quote(first[kind].name)}, line {first[kind].where.line})" for kind in types[:2]
    )
    more = f" and {len(types) - 2} more" if len(types) > 2 else ""
    raise UnsupportedLayerError(
        f"layer types that are not registered: {places}{more}{nearest_types(types[0])}; correct the name, or teach it "
        f"with @converter.layer({_quote(types[0])})",
        types=types,
        path=net.path,
        line=unknown[0].where.line,
    )


def _quote(name: str) -> str:
    """A name in quotes, cut to 40 characters as they are printed."""
    shown = name[:40]
    while len(repr(shown)) > 42:
        shown = shown[:-1]
    return repr(shown)
