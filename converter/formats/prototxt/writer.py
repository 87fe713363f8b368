"""Writes a message as text that Caffe and `parse_prototxt` read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from converter.formats.record import Record, Value, Word


def write_prototxt(record: Record) -> str:
    """The text of a message, a field a line, messages within it indented."""
    return "".join(f"{line}\n" for line in _lines(record, ""))


def _lines(record: Record, margin: str) -> Iterator[str]:
    for item in record:
        if isinstance(item.value, Record):
            yield f"{margin}{item.name} {{"
            yield from _lines(item.value, margin + "  ")
            yield f"{margin}}}"
        else:
            yield f"{margin}{item.name}: {_scalar(item.value)}"


def _scalar(value: Value) -> str:
    """A number, word or string as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        return _quote(value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """The shortest text of the same number; of a float32 as short as a float32 needs."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(value)


def _quote(text: str) -> str:
    """A string in double quotes; bytes that are no printable ASCII in octal."""
    letters = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte in b'"\\':
            letters.append("\\" + chr(byte))
        else:
            letters.append(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
    return f'"{"".join(letters)}"'
