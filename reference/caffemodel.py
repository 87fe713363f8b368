"""Reads .caffemodel and .binaryproto: the layers' names, types and blobs out of protobuf's wire format.

Every other message is stepped over unread, so that a fork's colliding field numbers cannot stop the weights.
Generations: `layer` (V2), `layers` (V1) and `layers { layer {} }` (V0).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WireError
from reference.memory import LARGEST_COUNT
from reference.schema import BLOB, LAYER, NET, TABLE, V0, V1
from reference.stored import Blob, StoredLayer
from reference.upgrade import V1_TYPES
from reference.wire import BYTES, FIXED32, FIXED64, VARINT, Field, Wire, map_wire

_LEGACY = {BLOB[name].number: axis for axis, name in enumerate(("num", "channels", "height", "width"))}
_RAW_TYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
_LARGEST_RANK = 32


def read_caffemodel(path: str | Path) -> list[StoredLayer]:
    """A .caffemodel -> its layers in the file's order, those without blobs too.

    Raises:
        WireError: naming file and byte, where the file is missing, cut off, or no caffemodel.
    """
    wire = map_wire(path)
    layers = []
    for field in wire.fields(0, len(wire.data)):
        if field.number == NET["layer"].number and field.wire == BYTES:
            layers.append(_layer(wire, field))
        elif field.number == NET["layers"].number and field.wire == BYTES:
            layers.append(_v1_layer(wire, field))
    if not layers:
        raise WireError("holds no layers; a caffemodel was expected", path=str(path))
    return layers


def read_blob(path: str | Path) -> Blob:
    """A .binaryproto (one BlobProto: a mean image, an infogain matrix) -> its blob.

    Raises:
        WireError: where the file is missing, cut off, or no blob.
    """
    wire = map_wire(path)
    return _blob(wire, Field(0, BYTES, 0, 0, len(wire.data)))


def _layer(wire: Wire, message: Field) -> StoredLayer:
    name = kind = ""
    blobs = []
    for field in wire.fields(message.start, message.stop):
        if field.wire != BYTES:
            continue
        if field.number == LAYER["name"].number:
            name = wire.text(field)
        elif field.number == LAYER["type"].number:
            kind = wire.text(field)
        elif field.number == LAYER["blobs"].number:
            blobs.append(_blob(wire, field))
    return StoredLayer(name, kind, tuple(blobs))


def _v1_layer(wire: Wire, message: Field) -> StoredLayer:
    name = kind = ""
    blobs: list[Blob] = []
    inner: list[Field] = []
    for field in wire.fields(message.start, message.stop):
        if field.number == V1["name"].number and field.wire == BYTES:
            name = wire.text(field)
        elif field.number == V1["type"].number and field.wire == VARINT:
            kind = V1_TYPES[field.value] if field.value < len(V1_TYPES) else ""
        elif field.number == V1["blobs"].number and field.wire == BYTES:
            blobs.append(_blob(wire, field))
        elif field.number == V1["layer"].number and field.wire == BYTES:
            inner.append(field)
    return _v0_layer(wire, inner) if inner else StoredLayer(name, kind, tuple(blobs))


def _v0_layer(wire: Wire, messages: list[Field]) -> StoredLayer:
    """The layer inside a V1 layer, whose own name and blobs do not count (upgrade_proto.cpp, UpgradeV0LayerParameter).

    protobuf merges a message that is given twice.
    """
    name, blobs = "", []
    for field in (field for message in messages for field in wire.fields(message.start, message.stop)):
        if field.number == V0["name"].number and field.wire == BYTES:
            name = wire.text(field)
        elif field.number == V0["blobs"].number and field.wire == BYTES:
            blobs.append(_blob(wire, field))
    return StoredLayer(name, "", tuple(blobs))


def _blob(wire: Wire, message: Field) -> Blob:
    legacy: dict[int, int] = {}
    shape: list[int] = []
    runs: dict[str, list[Field]] = {"<f4": [], "<f8": [], "raw": []}
    raw_type = -1  # there is no raw data without one
    for field in wire.fields(message.start, message.stop):
        if field.number in _LEGACY and field.wire == VARINT:
            legacy[_LEGACY[field.number]] = field.value & 0xFFFFFFFF
        elif field.number == BLOB["shape"].number and field.wire == BYTES:
            shape += _dimensions(wire, field, len(shape))
        elif field.number == BLOB["data"].number and field.wire in (BYTES, FIXED32):
            runs["<f4"].append(field)
        elif field.number == BLOB["double_data"].number and field.wire in (BYTES, FIXED64):
            runs["<f8"].append(field)
        elif field.number == BLOB["raw_data_type"].number and field.wire == VARINT:
            raw_type = field.value
        elif field.number == BLOB["raw_data"].number and field.wire == BYTES:
            runs["raw"] = [field]
    data = _data(wire, runs, raw_type)
    dims = tuple(legacy.get(axis, 0) for axis in range(4)) if legacy else tuple(shape)
    if math.prod(max(size, 1) for size in dims) > LARGEST_COUNT:
        raise wire.error(f"a blob of shape {dims} is larger than Caffe counts", message.start)
    if math.prod(dims) != data.size:
        what = f"a blob of shape {dims} holds {data.size} numbers, not {math.prod(dims)},"
        raise wire.error(what, message.start)
    return Blob(data if legacy else data.reshape(dims), dims, bool(legacy))


def _data(wire: Wire, runs: dict[str, list[Field]], raw_type: int) -> NDArray[Any]:
    """The blob's numbers, flat: double_data before data before NVIDIA's raw_data (its blob.cpp, FromProto)."""
    doubles, floats = _numbers(wire, runs["<f8"], "<f8"), _numbers(wire, runs["<f4"], "<f4")
    if doubles.size or floats.size or not runs["raw"]:
        return doubles if doubles.size else floats
    if raw_type not in _RAW_TYPES:
        raise wire.error(f"a blob's raw_data_type is {raw_type}, expected 0, 1 or 2,", runs["raw"][0].start)
    return _numbers(wire, runs["raw"], _RAW_TYPES[raw_type])


def _numbers(wire: Wire, runs: list[Field], kind: str) -> NDArray[Any]:
    """The numbers of runs of bytes, in order; a view of the file where there is one run."""
    width = np.dtype(kind).itemsize
    parts = []
    for run in runs:
        size = run.stop - run.start
        if size % width:
            raise wire.error(f"{size} bytes of blob data are no multiple of {width}", run.start)
        parts.append(np.frombuffer(wire.data, kind, size // width, run.start))
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, kind), *parts])


def _dimensions(wire: Wire, message: Field, known: int) -> list[int]:
    """The axes of a shape, which follow the `known` ones of an earlier message: protobuf merges the two."""
    dims: list[int] = []
    dim = TABLE["shape"]["dim"].number
    for field in wire.fields(message.start, message.stop):
        if field.number == dim and field.wire == VARINT:
            dims.append(field.value)
        elif field.number == dim and field.wire == BYTES:
            at = field.start
            while at < field.stop:
                value, at = wire.varint(at, field.stop)
                dims.append(value)
        if known + len(dims) > _LARGEST_RANK:
            raise wire.error(f"a blob has more than {_LARGEST_RANK} axes", field.start)
    return dims
