"""Protocol buffers' wire format, walked over a mapped file: field numbers and byte ranges, no message is built.

Limits (each a `CaffemodelError` with path and byte offset): a varint longer than 10 bytes, a length past the end of its
message, field number 0, group types 3 and 4 and the illegal types 6 and 7.
Source: the public encoding rules of protocol buffers, https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from converter.files.mapping import Mapped

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}


class Span(NamedTuple):
    """Bytes start..end of a mapped file."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.end - self.start


class WireField(NamedTuple):
    """One field: `value` is the number of a varint (0 otherwise), `span` the payload, `start` where its tag begins."""

    number: int
    wire: int
    value: int
    span: Span
    start: int


def walk(file: Mapped, span: Span) -> Iterator[WireField]:
    """The fields of the message that lies in `span`, in file order.

    Raises:
        CaffemodelError: the bytes are no message.
    """
    position = span.start
    while position < span.end:
        item = field_at(file, position, span.end)
        yield item
        position = item.span.end


def field_at(file: Mapped, start: int, end: int) -> WireField:
    """The field whose tag begins at byte `start` of a message that ends at `end`.

    Raises:
        CaffemodelError: the bytes are no field, or it does not end within the message.
    """
    tag, position = varint(file, start, end)
    number, wire = tag >> 3, tag & 7
    if number == 0 or number >= 1 << 29:
        raise file.error(f"field number {number} is not legal; the file is damaged, download it again", start)
    if wire == VARINT:
        value, after = varint(file, position, end)
        return WireField(number, wire, value, Span(position, after), start)
    if wire == BYTES:
        length, position = varint(file, position, end)
    elif wire in _FIXED:
        length = _FIXED[wire]
    else:
        raise file.error(
            f"wire type {wire} of field {number} is not legal; the file is damaged, download it again", start
        )
    if length > end - position:
        raise file.error(_truncation_text(file, f"field {number} of {length} bytes", end, position + length), start)
    return WireField(number, wire, 0, Span(position, position + length), start)


def varint(file: Mapped, position: int, end: int) -> tuple[int, int]:
    """The unsigned number that starts at `position`, below 2**64, and the position after it."""
    data, start, value, shift = file.data, position, 0, 0
    while True:
        if position >= end:
            raise file.error(_truncation_text(file, "a number that goes on", end), start)
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
        if shift == 70:
            raise file.error("a number longer than 10 bytes; the file is damaged, download it again", start)


def to_signed(value: int) -> int:
    """A varint read as int32 or int64: two's complement of 64 bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


def text(file: Mapped, span: Span) -> str:
    """A string; bytes that are no UTF-8 become surrogates (PEP 383), so that no two names become one."""
    return bytes(file.data[span.start : span.end]).decode("utf-8", "surrogateescape")


def _truncation_text(file: Mapped, what: str, end: int, needed: int | None = None) -> str:
    """The words for a payload that runs past its message: past the file, or past the message alone."""
    if end < file.size:
        return f"{what} runs past its message, which ends at byte {end}; the file is damaged, download it again"
    missing = f"needs {needed} bytes" if needed is not None else "needs more bytes"
    return f"the file is truncated in {what}: {missing}, the file has {file.size}; download it again"
