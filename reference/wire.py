"""Protobuf's wire format: a walk over the fields of a message, straight on the mapped file, knowing no schema."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reference.errors import WireError
from reference.names import decode

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field on the wire: its number, its wire type, its value (of a varint), its first byte and the one behind."""

    number: int
    wire: int
    value: int
    start: int
    stop: int


class Wire:
    """The bytes of a file as protobuf fields."""

    def __init__(self, data: memoryview, path: str) -> None:
        self.data = data
        self.path = path

    def error(self, what: str, at: int) -> WireError:
        """An error at a byte of the file."""
        return WireError(f"{what} at byte {at}; is the file cut off, or no caffemodel?", path=self.path)

    def varint(self, at: int, stop: int) -> tuple[int, int]:
        """The number that begins at byte `at`, and the byte behind it."""
        value = shift = 0
        while at < stop and shift < 70:
            byte = self.data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value & 0xFFFFFFFFFFFFFFFF, at
        raise self.error("a number does not end", at)

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """The fields of the message in bytes `start` to `stop`, in order.

        Raises:
            WireError: a field reaches past the message, or has a wire type that Caffe never writes.
        """
        at = start
        while at < stop:
            key, at = self.varint(at, stop)
            number, wire, value, begin = key >> 3, key & 7, 0, at
            if wire == VARINT:
                value, at = self.varint(at, stop)
            elif wire in (FIXED64, FIXED32):
                at += 8 if wire == FIXED64 else 4
            elif wire == BYTES:
                length, begin = self.varint(at, stop)
                at = begin + length
            else:
                raise self.error(f"field {number} has wire type {wire}, which Caffe never writes,", begin)
            if number == 0 or at > stop:
                raise self.error(f"field {number} reaches past its message", begin)
            yield Field(number, wire, value, begin, at)

    def text(self, field: Field) -> str:
        """The field's bytes as text; bytes that are not UTF-8 are kept as surrogates."""
        return decode(bytes(self.data[field.start : field.stop]))


def map_wire(path: str | Path) -> Wire:
    """A file, mapped.

    Raises:
        WireError: it is missing or empty.
    """
    try:
        with Path(path).open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        reason = "is empty" if isinstance(error, ValueError) else f"cannot be read: {error.strerror or error}"
        raise WireError(f"{reason}; a weights file was expected", path=str(path)) from None
    return Wire(data, str(path))
