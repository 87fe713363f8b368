"""The part of a net that chosen blobs need, taken before any layer is built: behind them a type may be unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.errors import GraphError
from converter.net.net import Net


def cut_net(net: Net, blobs: Sequence[str]) -> Net:
    """The net without layers that no last writer of these blobs needs; their names are in `left_out`.

    Raises:
        GraphError: the net has no such blob.
    """
    writers: dict[str, int] = {}
    read: list[set[int]] = []
    for index, layer in enumerate(net.layers):
        read.append({writers[name] for name in layer.bottoms})
        writers.update(dict.fromkeys(layer.tops, index))
    for name in blobs:
        if name not in writers:
            import difflib  # for the error alone

            close = difflib.get_close_matches(name, writers, n=3) or list(writers)[:8]
            text = f"the net has no blob {name!r}; did you mean {' or '.join(map(repr, close))}?"
            raise GraphError(text, path=net.path)
    needed = {writers[name] for name in blobs}
    for index in range(len(net.layers) - 1, -1, -1):
        if index in needed:
            needed |= read[index]
    layers = tuple(layer for index, layer in enumerate(net.layers) if index in needed)
    names = {layer.name for layer in layers}
    return replace(net, layers=layers, left_out=frozenset(layer.name for layer in net.layers) - names)
