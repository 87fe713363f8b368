"""Protocol buffers' wire format, written: tags, lengths and blobs, in the order and form Caffe writes them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from converter.files.stream import BlobStream
from converter.formats.protobuf.wire import BYTES, VARINT


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


def blob_field(number: int, blob: BlobStream) -> tuple[int, Iterator[bytes]]:
    """A field that holds a BlobProto: its size in bytes, and its bytes in pieces.

    Numbers are packed and `shape` follows them, as src/caffe/blob.cpp (ToProto) and protobuf order them; a blob without
    axes has none. Doubles stay doubles, halves become floats, which hold them exactly.
    """
    double = blob.dtype.itemsize == 8
    dtype = np.dtype("<f8" if double else "<f4")
    size = blob.size * dtype.itemsize
    head = bytes_head(8 if double else 5, size) if size else b""
    dims = b"".join(varint(axis) for axis in blob.shape)
    tail = bytes_field(7, bytes_field(1, dims)) if dims else b""
    body = len(head) + size + len(tail)
    start = bytes_head(number, body)
    return len(start) + body, _chunks(start + head, blob, dtype, tail)


def _chunks(before: bytes, blob: BlobStream, dtype: np.dtype[np.generic], after: bytes) -> Iterator[bytes]:
    """A blob's bytes a few megabytes at a time."""
    yield before
    for chunk in blob.chunks():
        yield np.ascontiguousarray(chunk, dtype).tobytes()
    yield after
