"""Protocol buffers' wire format, written: tags, lengths and blobs, in the order and form Caffe writes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from converter.formats.stored import Array
from converter.formats.wire import BYTES, VARINT

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Streamed:
    """A blob too large to hold: `chunks()` gives its numbers in order as flat arrays; written as float32."""

    shape: tuple[int, ...]
    chunks: Callable[[], Iterable[Array]]


def varint(value: int) -> bytes:
    """A number in base 128; negative ones as 64-bit two's complement."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint_field(number: int, value: int) -> bytes:
    """A field that holds a number."""
    return varint(number << 3 | VARINT) + varint(value)


def bytes_head(number: int, size: int) -> bytes:
    """Tag and length of a field of `size` bytes, which must follow."""
    return varint(number << 3 | BYTES) + varint(size)


def bytes_field(number: int, payload: bytes) -> bytes:
    """A field that holds bytes, a text or a message."""
    return bytes_head(number, len(payload)) + payload


def blob_field(number: int, blob: Array | Streamed) -> tuple[int, Iterator[bytes]]:
    """A field that holds a BlobProto: its size in bytes, and its bytes in pieces.

    Numbers are packed and `shape` follows them, as src/caffe/blob.cpp (ToProto) and protobuf order them. Doubles stay
    doubles, halves become floats, which hold them exactly.
    """
    double = isinstance(blob, np.ndarray) and blob.dtype.itemsize == 8
    dtype = np.dtype("<f8" if double else "<f4")
    size = math.prod(blob.shape) * dtype.itemsize
    head = bytes_head(8 if double else 5, size) if size else b""
    dims = b"".join(varint(axis) for axis in blob.shape)
    tail = bytes_field(7, bytes_field(1, dims) if dims else b"")
    body = len(head) + size + len(tail)
    start = bytes_head(number, body)
    return len(start) + body, _pieces(start + head, blob, dtype, tail)


def _pieces(before: bytes, blob: Array | Streamed, dtype: np.dtype[np.generic], after: bytes) -> Iterator[bytes]:
    """A blob's bytes a few megabytes at a time."""
    yield before
    for chunk in blob.chunks() if isinstance(blob, Streamed) else _chunks(blob):
        yield np.ascontiguousarray(chunk, dtype).tobytes()
    yield after


def _chunks(blob: Array) -> Iterator[Array]:
    """Flat views of a contiguous array, a copy of another."""
    flat = blob.reshape(-1)
    for start in range(0, flat.size, _CHUNK // flat.itemsize):
        yield flat[start : start + _CHUNK // flat.itemsize]
