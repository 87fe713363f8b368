"""Names of parameters: Caffe's layer and blob as one key that PyTorch takes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EMPTY = "%00"
_USUAL = ("weight", "bias")

# The types that most models are made of; any other's names its layer's class tells, which takes longer to ask.
COMMON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BatchNorm": ("mean", "variance", "scale_factor"),
        "Convolution": _USUAL,
        "Deconvolution": _USUAL,
        "InnerProduct": _USUAL,
        "Scale": _USUAL,
    }
)


def escape(layer: str) -> str:
    """A layer's name with no dot in it and never empty: `%` → `%25`, `.` → `%2E`, the empty name → `%00`."""
    return layer.replace("%", "%25").replace(".", "%2E") or _EMPTY


def unescape(name: str) -> str:
    """The layer's name that `escape` was given."""
    return "" if name == _EMPTY else name.replace("%2E", ".").replace("%25", "%")


def blob_names(layer_type: str | None, count: int) -> tuple[str, ...]:
    """Names of a layer's `count` blobs: weight, bias, blob2, blob3 …, unless the type is common and has its own."""
    return numbered(COMMON.get(layer_type or "", _USUAL), count)


def numbered(own: tuple[str, ...], count: int) -> tuple[str, ...]:
    """A type's own names for `count` blobs, those it does not name by their number."""
    return own[:count] + tuple(f"blob{index}" for index in range(len(own), count))


def key(layer: str, blob: str) -> str:
    """The state_dict key of a blob."""
    return f"{escape(layer)}.{blob}"


def split_key(name: str) -> tuple[str, str]:
    """Layer and blob name of a state_dict key; a key without a dot is a layer's `weight`."""
    layer, dot, blob = name.rpartition(".")
    return (unescape(layer), blob) if dot else (unescape(blob), "weight")
