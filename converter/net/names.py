"""Names of parameters: Caffe's layer and blob as one key that PyTorch takes, and back."""

from __future__ import annotations

import re

from converter.net.reserved_names import RESERVED

_EMPTY = "%00"
_UNSAFE = re.compile(r'[%."\\\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_ESCAPES = re.compile(rb"%([0-9A-F]{2})")


def escape(layer: str) -> str:
    """A layer's name as PyTorch takes it for a submodule, reversibly.

    Bytes that a key or generated code cannot hold are written `%XX`: `%`, `.`, `"`, backslash, control characters, and
    bytes that are not UTF-8 (surrogates of Python's surrogateescape). The empty name is `%00`. A name that Python or
    PyTorch owns (`training`, `loss`, `class`) gets an underscore, and so does one that would read like such a name.
    """
    if _is_owned(layer):
        return layer + "_"
    return _UNSAFE.sub(_percent, layer) or _EMPTY


def _is_owned(name: str) -> bool:
    """Whether a name, or what is left of it without some underscores at its end, is Python's or PyTorch's."""
    while name.endswith("_") and name not in RESERVED:
        name = name[:-1]
    return name in RESERVED


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))


def unescape(name: str) -> str:
    """The layer's name that `escape` was given; a reserved name without its underscore, as older files have, stays."""
    if name == _EMPTY:
        return ""
    if name.endswith("_") and _is_owned(name[:-1]):
        return name[:-1]
    raw = _ESCAPES.sub(lambda match: bytes([int(match.group(1), 16)]), name.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def repeated_key(layer: str, repeat: int) -> str:
    """The first part of the keys of a layer before which `repeat` others bear its name; no other name's escape."""
    return f"{escape(layer)}%23{repeat + 1}"


def indexed_names(own: tuple[str, ...], count: int) -> tuple[str, ...]:
    """A type's own names for `count` blobs; those it does not name bear their number: blob2, blob3."""
    return own[:count] + tuple(f"blob{index}" for index in range(len(own), count))


def parse_state_dict_key(key: str) -> tuple[str, str]:
    """Layer and blob name of a state_dict key; a key without a dot is a layer's `weight`."""
    layer, dot, blob = key.rpartition(".")
    return (unescape(layer), blob) if dot else (unescape(blob), "weight")
