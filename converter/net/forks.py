"""Which fork of Caffe a net was written for, as far as what only that fork has tells it."""

from __future__ import annotations

from converter.formats.record import Record

DILATION_TYPES = frozenset({"ImageLabelData", "BinLabelData"})
"""Layer types that only fyu/caffe-dilation has."""


def is_dilation_fork(net: Record) -> bool:
    """Whether a net uses what only fyu/caffe-dilation has: the `identity` filler, or one of its data layers.

    That fork branched off in 2016, and some of its rules are the Caffe's of that year (see `fillers`).
    """
    layers = [item.value for item in net if item.name == "layer" and isinstance(item.value, Record)]
    return any(not DILATION_TYPES.isdisjoint(layer.all("type")) or _has_identity(layer) for layer in layers)


def _has_identity(message: Record) -> bool:
    """Whether a filler within the message is the identity."""
    inner = [(item.name, item.value) for item in message if isinstance(item.value, Record)]
    return any(
        (name.endswith("filler") and "identity" in value.all("type")) or _has_identity(value) for name, value in inner
    )
