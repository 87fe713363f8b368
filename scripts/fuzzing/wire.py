"""Damage to protobuf messages by field: the message is taken apart, changed and put together with lengths that fit."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from scripts.fuzzing.damage import EDGES, damage

_DEEPEST = 6
_VARINT, _BYTES = 0, 2
_SIZES = {_VARINT: 0, 1: 8, _BYTES: 0, 5: 4}


@dataclass(slots=True)
class Field:
    """A field: its number, its wire type, and its number or bytes, which may be a message."""

    number: int
    wire: int
    value: bytes | int


def change(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """A message with one to three of its fields changed; what is none is damaged by bytes."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        data = _change(draw, data, draw.choice(others), 0) or damage(draw, data, others)
    return damage(draw, data, others) if draw.random() < 0.1 else data


def parse(data: bytes) -> list[Field] | None:
    """A message's fields; None where the bytes are none."""
    fields, place, end = [], 0, len(data)
    while place < end:
        key, place = _read(data, place)
        number, wire = key >> 3, key & 7
        value: bytes | int
        if place < 0 or not number or wire not in _SIZES:
            return None
        if wire == _VARINT:
            value, place = _read(data, place)
        else:
            size = _SIZES[wire]
            if wire == _BYTES:
                size, place = _read(data, place)
            value, place = data[place : place + size], place + size
        if place < 0 or place > end:
            return None
        fields.append(Field(number, wire, value))
    return fields


def serialize(field: Field) -> bytes:
    """The field's bytes."""
    key = varint(field.number << 3 | field.wire)
    if isinstance(field.value, int):
        return key + varint(field.value)
    return key + (varint(len(field.value)) if field.wire == _BYTES else b"") + field.value


def varint(value: int) -> bytes:
    """A number of at most 64 bits."""
    value %= 1 << 64
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _read(data: bytes, place: int) -> tuple[int, int]:
    """A number and the place behind it, which is -1 where there is none."""
    value = 0
    for shift in range(0, 70, 7):
        if not 0 <= place < len(data):
            return 0, -1
        value |= (data[place] & 127) << shift
        place += 1
        if data[place - 1] < 128:
            return value, place
    return 0, -1


def _change(draw: Random, data: bytes, other: bytes, depth: int) -> bytes | None:
    """The message with one field changed, often in a message within; None where the bytes are no message."""
    fields = parse(data)
    if not fields:
        return None
    field = draw.choice(fields)
    inner = field.value if depth < _DEEPEST and field.wire == _BYTES else b""
    changed = _change(draw, inner, other, depth + 1) if inner and draw.random() < 0.8 else None  # type: ignore[arg-type]
    if changed is not None:
        field.value = changed
    else:
        _change_field(draw, fields, parse(other) or fields)
    return b"".join(map(serialize, fields))


def _change_field(draw: Random, fields: list[Field], other: list[Field]) -> None:
    place = draw.randrange(len(fields))
    field = fields[place]
    kind = draw.randrange(8)
    if kind == 0:
        del fields[place : place + (len(fields) > 1)]
    elif kind == 1:
        fields[place:place] = [field] * draw.choice((1, 2, 40))
    elif kind == 2:
        field.number = draw.choice((1, 2, 5, 7, 8, 10, 12, 100, draw.randrange(1, 200)))
    elif kind == 3:
        draw.shuffle(fields)
    elif kind == 4:
        fields.insert(place, draw.choice(other))
    elif kind == 5:
        fields[place] = Field(field.number, _VARINT, draw.choice(EDGES))
    elif isinstance(field.value, bytes):
        field.value = damage(draw, field.value, [field.value])[: len(field.value) if kind == 6 else None]
    elif isinstance(field.value, int):
        field.value = draw.choice(EDGES)
