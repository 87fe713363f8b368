"""The net definition inside a binary file as a `Record`, blobs left out; and a `Record` as protobuf bytes.

A sub-message that does not read, or a field the schema does not list, is kept as unknown: forks use the same numbers
for other things, and the weights do not need them. What lies at 143 and 144 is told by the layer's type, because
fyu's early fork put its own messages there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from converter.errors import CaffemodelError
from converter.files.mapping import Mapped
from converter.formats.protobuf.schema import FieldSpec, bytes_message_class, fields
from converter.formats.protobuf.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Span,
    WireField,
    text,
    to_signed,
    varint,
    walk,
)
from converter.formats.record import Field, Record, Value, Where, Word
from converter.formats.weights.stored import StoredWeights

_BLOBS = {"LayerParameter": 7, "V1LayerParameter": 6, "V0LayerParameter": 50}
_DEEPEST = 32
_EARLY_FORK = {("ImageLabelData", 143): "image_label_data_param", ("BinLabelData", 144): "bin_label_data_param"}
_FIXED = {FIXED32: "<f", FIXED64: "<d"}


def net_record(net: StoredWeights) -> Record:
    """The NetParameter that a caffemodel holds, as written (not upgraded), without blobs.

    Raises:
        CaffemodelError: the net was not read from a `.caffemodel`, or the file is damaged.
    """
    if net.file is None or not net.layers or net.layers[0].span is None:
        raise CaffemodelError("holds no net definition, only weights; give the prototxt", path=net.path)
    return read_record(net.file, Span(0, net.file.size), "NetParameter")


def read_record(file: Mapped, span: Span, kind: str, depth: int = 0) -> Record:
    """The message of schema name `kind` that lies in `span`.

    Raises:
        CaffemodelError: the bytes are no message, or messages lie deeper than 32 in each other.
    """
    if depth > _DEEPEST:
        raise file.error(f"messages deeper than {_DEEPEST}; the file is damaged, download it again", span.start)
    where, items = Where(file.path), list(walk(file, span))
    layer_type = next((text(file, item.span) for item in items if item.number == 2 and item.wire == BYTES), "")
    found: list[Field] = []
    for item in items:
        if item.number == _BLOBS.get(kind):
            continue
        early = _EARLY_FORK.get((layer_type, item.number)) if kind == "LayerParameter" else None
        spec = fields(kind).get(early) if early else _by_number(kind).get(item.number)
        found += _fields(file, item, spec, where, depth)
    return Record(kind, where, tuple(found))


def encode(record: Record) -> bytes:
    """A record as protobuf bytes, fields by number; what the schema does not list is left out."""
    data: bytes = _message(record).SerializeToString(deterministic=True)
    return data


@cache
def _by_number(kind: str) -> Mapping[int, FieldSpec]:
    """A message's fields by number."""
    return {spec.number: spec for spec in fields(kind).values()}


def _fields(file: Mapped, item: WireField, spec: FieldSpec | None, where: Where, depth: int) -> Iterator[Field]:
    """One wire field as none (unknown number in an unknown form), one or, where it is packed, several fields."""
    if spec is None:
        yield Field(f"#{item.number}", _describe_raw(item), where, known=False)
        return
    try:
        for value in _values(file, item, spec, depth):
            yield Field(spec.name, value, where)
    except (CaffemodelError, _WrongFormError):
        yield Field(spec.name, _describe_raw(item), where, known=False)


class _WrongFormError(Exception):
    """A field whose wire type is not that of its schema."""


def _describe_raw(item: WireField) -> Value:
    """What can be said of a field that is not decoded: its number, or how many bytes it has."""
    return to_signed(item.value) if item.wire == VARINT else f"<{item.span.size} bytes>"


def _values(file: Mapped, item: WireField, spec: FieldSpec, depth: int) -> list[Value]:
    """The value of a field, or the values of a packed one."""
    if item.wire == VARINT and spec.type in ("int", "bool", "enum"):
        return [_scalar(item.value, spec)]
    if item.wire in _FIXED and spec.type == "float":
        return [
            _shortest_float(struct.unpack(_FIXED[item.wire], file.data[item.span.start : item.span.end])[0], item.wire)
        ]
    if item.wire != BYTES:
        raise _WrongFormError
    if spec.type == "message":
        return [read_record(file, item.span, spec.kind, depth + 1)]
    if spec.type in ("string", "bytes"):
        return [text(file, item.span)]
    return list(_packed_numbers(file, item.span, spec))


def _packed_numbers(file: Mapped, span: Span, spec: FieldSpec) -> Iterator[Value]:
    """The numbers of a packed field."""
    if not spec.repeated or (spec.type == "float" and span.size % 4):
        raise _WrongFormError
    if spec.type == "float":
        for (value,) in struct.iter_unpack("<f", file.data[span.start : span.end]):
            yield _shortest_float(value, FIXED32)
        return
    position = span.start
    while position < span.end:
        value, position = varint(file, position, span.end)
        yield _scalar(value, spec)


def _scalar(value: int, spec: FieldSpec) -> Value:
    """A varint by its field's type; an enum's unknown number stays a number."""
    if spec.type == "bool":
        return bool(value)
    if spec.type == "enum":
        return next(
            (Word(name) for name, number in spec.values.items() if number == to_signed(value)), to_signed(value)
        )
    unsigned = spec.bounds is not None and spec.bounds[0] == 0
    return value if unsigned else to_signed(value)


def _shortest_float(value: float, wire: int) -> float:
    """A single-precision number as its shortest decimal says it: 0.1, not 0.10000000149."""
    return float(str(np.float32(value))) if wire == FIXED32 else value


def _message(record: Record) -> Any:
    """The protobuf message of a record."""
    message: Any = bytes_message_class(record.kind)()
    known = fields(record.kind)
    for item in record:
        spec = known.get(item.name)
        if spec is None or not item.known or (isinstance(item.value, Record) != (spec.type == "message")):
            continue
        if isinstance(item.value, Record):
            inner = _message(item.value)
            getattr(message, item.name).add().CopyFrom(inner) if spec.repeated else getattr(
                message, item.name
            ).MergeFrom(inner)
        elif spec.repeated:
            getattr(message, item.name).append(_to_scalar(item.value, spec))
        else:
            setattr(message, item.name, _to_scalar(item.value, spec))
    return message


def _to_scalar(value: Value, spec: FieldSpec) -> object:
    """A scalar as protobuf takes it."""
    if spec.type == "enum":
        return spec.values.get(str(value), value)
    return str(value).encode("utf-8", "surrogateescape") if spec.type in ("string", "bytes") else value
