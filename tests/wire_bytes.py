"""Protobuf bytes put together by hand, for files that Google's library would not write."""

import struct
from pathlib import Path

import numpy as np


def number(value: int) -> bytes:
    """A varint of a value from 0 up."""
    out = []
    while True:
        value, digit = divmod(value, 128)
        out.append(digit + 128 if value else digit)
        if not value:
            return bytes(out)


def piece(field: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return number(field * 8 + 2) + number(len(payload)) + payload


def count(field: int, value: int) -> bytes:
    """A varint field."""
    return number(field * 8) + number(value)


def shape(*dims: int) -> bytes:
    """BlobProto's `shape`, packed."""
    return piece(7, piece(1, b"".join(number(dim) for dim in dims)))


def floats(*values: float) -> bytes:
    """BlobProto's `data`, packed."""
    return piece(5, struct.pack(f"<{len(values)}f", *values))


def model(path: Path, *blobs: bytes, name: str = "conv", kind: str = "Convolution") -> Path:
    """A V2 caffemodel of one layer, the blobs' bytes as given."""
    layer = piece(1, name.encode()) + piece(2, kind.encode()) + b"".join(piece(7, blob) for blob in blobs)
    path.write_bytes(piece(1, b"net") + piece(100, layer))
    return path


def packed(array: np.ndarray) -> bytes:
    """A BlobProto with float data and shape."""
    return piece(5, array.astype("<f4").tobytes()) + shape(*array.shape)
