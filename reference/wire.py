"""Reads the weights out of Caffe's binary files: a walk over protobuf's wire format, straight on the mapped file.

Only names, types and blobs are looked at; every other sub-message is stepped over unread, so that a fork's colliding
field numbers cannot stop the weights. Generations: `layer` (V2), `layers` (V1) and `layers { layer {} }` (V0).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WireError
from reference.schema import BLOB, LAYER, NET, TABLE, V0, V1
from reference.upgrade import V1_TYPES

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# NVIDIA's Caffe (caffe.proto, BlobProto): raw_data_type 0 double, 1 float, 2 half, and the bytes.
_RAW_TYPE, _RAW_DATA = 10, 12
_RAW: dict[int, np.dtype[Any]] = {0: np.dtype("<f8"), 1: np.dtype("<f4"), 2: np.dtype("<f2")}
_LARGEST_RANK = 32


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored blob.

    `data` is flat (a view into the file where it can be), `shape` as stored, `legacy` where 4-D by fields.
    """

    data: NDArray[np.float32] | NDArray[np.float64]
    shape: tuple[int, ...]
    legacy: bool


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer of a weight file: its name, its type in today's spelling ("" where unknown), its blobs."""

    name: str
    type: str
    blobs: tuple[Blob, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One field on the wire: its number, its wire type, its number value (varint) or its span in the file."""

    number: int
    wire: int
    value: int
    start: int
    stop: int


class _Wire:
    def __init__(self, data: memoryview, path: str) -> None:
        self.data = data
        self.path = path

    def fail(self, what: str, at: int) -> WireError:
        return WireError(f"{what} at byte {at}; is the file cut off, or no caffemodel?", path=self.path)

    def varint(self, at: int, stop: int) -> tuple[int, int]:
        value = shift = 0
        while at < stop and shift < 70:
            byte = self.data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value & 0xFFFFFFFFFFFFFFFF, at
        raise self.fail("a number does not end", at)

    def pieces(self, start: int, stop: int) -> Iterator[_Piece]:
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
                raise self.fail(f"field {number} has wire type {wire}, which Caffe never writes,", begin)
            if number == 0 or at > stop:
                raise self.fail(f"field {number} reaches past its message", begin)
            yield _Piece(number, wire, value, begin, at)

    def text(self, piece: _Piece) -> str:
        return bytes(self.data[piece.start : piece.stop]).decode("utf-8", "replace")

    def numbers(self, runs: list[_Piece], width: int) -> NDArray[np.float32] | NDArray[np.float64]:
        single = np.dtype("<f4" if width == 4 else "<f8")
        parts = []
        for run in runs:
            if (run.stop - run.start) % width:
                raise self.fail(f"{run.stop - run.start} bytes of blob data are no multiple of {width}", run.start)
            parts.append(np.frombuffer(self.data, single, (run.stop - run.start) // width, run.start))
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, single), *parts])

    def blob(self, span: _Piece) -> Blob:
        legacy_numbers = {BLOB[name].number: axis for axis, name in enumerate(("num", "channels", "height", "width"))}
        legacy: dict[int, int] = {}
        shape: list[int] = []
        singles: list[_Piece] = []
        doubles: list[_Piece] = []
        raw: _Piece | None = None
        raw_type = -1
        for piece in self.pieces(span.start, span.stop):
            if piece.number in legacy_numbers and piece.wire == VARINT:
                legacy[legacy_numbers[piece.number]] = piece.value & 0xFFFFFFFF
            elif piece.number == BLOB["shape"].number and piece.wire == BYTES:
                shape += self.dimensions(piece)
            elif piece.number == BLOB["data"].number and piece.wire in (BYTES, FIXED32):
                singles.append(piece)
            elif piece.number == BLOB["double_data"].number and piece.wire in (BYTES, FIXED64):
                doubles.append(piece)
            elif piece.number == _RAW_TYPE and piece.wire == VARINT:
                raw_type = piece.value
            elif piece.number == _RAW_DATA and piece.wire == BYTES:
                raw = piece
        data = self.numbers(doubles, 8) if doubles else self.numbers(singles, 4)
        if not data.size and raw is not None and raw_type in _RAW:
            data = np.frombuffer(
                self.data, _RAW[raw_type], (raw.stop - raw.start) // _RAW[raw_type].itemsize, raw.start
            )
        dims = tuple(legacy.get(axis, 0) for axis in range(4)) if legacy else tuple(shape)
        return self.checked(Blob(data, dims, bool(legacy)), span.start)

    def dimensions(self, span: _Piece) -> list[int]:
        dims: list[int] = []
        for piece in self.pieces(span.start, span.stop):
            if piece.number == TABLE["shape"]["dim"].number and piece.wire == VARINT:
                dims.append(piece.value)
            elif piece.number == TABLE["shape"]["dim"].number and piece.wire == BYTES:
                at = piece.start
                while at < piece.stop:
                    value, at = self.varint(at, piece.stop)
                    dims.append(value)
            if len(dims) > _LARGEST_RANK:
                raise self.fail(f"a blob has more than {_LARGEST_RANK} axes", piece.start)
        return dims

    def checked(self, blob: Blob, at: int) -> Blob:
        count = 1
        for extent in blob.shape:
            count *= extent
        if count != blob.data.size:
            raise self.fail(f"a blob of shape {blob.shape} holds {blob.data.size} numbers, not {count},", at)
        if blob.legacy:
            return blob
        return Blob(blob.data.reshape(blob.shape), blob.shape, legacy=False)

    def layer(self, span: _Piece) -> StoredLayer:
        name = kind = ""
        blobs = []
        for piece in self.pieces(span.start, span.stop):
            if piece.wire != BYTES:
                continue
            if piece.number == LAYER["name"].number:
                name = self.text(piece)
            elif piece.number == LAYER["type"].number:
                kind = self.text(piece)
            elif piece.number == LAYER["blobs"].number:
                blobs.append(self.blob(piece))
        return StoredLayer(name, kind, tuple(blobs))

    def old_layer(self, span: _Piece) -> StoredLayer:
        name = kind = ""
        blobs: list[Blob] = []
        for piece in self.pieces(span.start, span.stop):
            if piece.number == V1["name"].number and piece.wire == BYTES:
                name = self.text(piece)
            elif piece.number == V1["type"].number and piece.wire == VARINT:
                kind = V1_TYPES[piece.value] if piece.value < len(V1_TYPES) else ""
            elif piece.number == V1["blobs"].number and piece.wire == BYTES:
                blobs.append(self.blob(piece))
            elif piece.number == V1["layer"].number and piece.wire == BYTES:
                name, inner = self.oldest_layer(piece)
                blobs += inner
        return StoredLayer(name, kind, tuple(blobs))

    def oldest_layer(self, span: _Piece) -> tuple[str, list[Blob]]:
        name, blobs = "", []
        for piece in self.pieces(span.start, span.stop):
            if piece.number == V0["name"].number and piece.wire == BYTES:
                name = self.text(piece)
            elif piece.number == V0["blobs"].number and piece.wire == BYTES:
                blobs.append(self.blob(piece))
        return name, blobs


def _mapped(path: str | Path) -> _Wire:
    try:
        with Path(path).open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        reason = "is empty" if isinstance(error, ValueError) else f"cannot be read: {error.strerror or error}"
        raise WireError(f"{reason}; a caffemodel was expected", path=str(path)) from None
    if bytes(data[:8]) == b"\x89HDF\r\n\x1a\n":
        raise WireError(
            "is an HDF5 file; the oracle reads the binary .caffemodel or arrays given by layer", path=str(path)
        )
    return _Wire(data, str(path))


def read_weights(path: str | Path) -> list[StoredLayer]:
    """A .caffemodel -> its layers in the file's order, those without blobs too.

    Raises:
        WireError: naming file and byte, where the file is missing, cut off, or no caffemodel.
    """
    wire = _mapped(path)
    layers = []
    for piece in wire.pieces(0, len(wire.data)):
        if piece.number == NET["layer"].number and piece.wire == BYTES:
            layers.append(wire.layer(piece))
        elif piece.number == NET["layers"].number and piece.wire == BYTES:
            layers.append(wire.old_layer(piece))
    if not layers:
        raise WireError("holds no layers; a caffemodel was expected", path=str(path))
    return layers


def read_blob(path: str | Path) -> Blob:
    """A .binaryproto (one BlobProto: a mean picture, an infogain matrix) -> its blob.

    Raises:
        WireError: where the file is missing, cut off, or no blob.
    """
    wire = _mapped(path)
    return wire.blob(_Piece(0, BYTES, 0, 0, len(wire.data)))
