"""The compiled schema, walked without protobuf's library, whose import takes as long as a small net takes to read.

Field numbers of the descriptors' own messages: google/protobuf/descriptor.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from converter.files.mapping import Mapped
from converter.formats.protobuf.wire import VARINT, Span, text, to_signed, walk

PACKAGE = "caffe"
PLACES = (
    Path(__file__).resolve().parents[3] / "proto" / "caffe.binpb",  # a checkout
    Path(__file__).resolve().parents[2] / "caffe.binpb",  # an installed wheel
)

# FileDescriptorSet.file; FileDescriptorProto's and DescriptorProto's lists; EnumDescriptorProto.value.
_FILE = 1
_FILE_MESSAGES, _FILE_ENUMS = 4, 5
_MESSAGE_FIELDS, _MESSAGE_MESSAGES, _MESSAGE_ENUMS = 2, 3, 4
_ENUM_VALUES = 2
_NAME = 1


class DeclaredField(NamedTuple):
    """A FieldDescriptorProto: `kind` is its type_name below the package, `default` None where none is stated."""

    name: str
    number: int
    label: int
    type: int
    kind: str
    default: str | None


def schema_path() -> Path:
    """Where the compiled schema lies."""
    return next((path for path in PLACES if path.is_file()), PLACES[0])


def declared_fields(kind: str) -> list[DeclaredField]:
    """The fields of a message in their order.

    Raises:
        KeyError: the schema has no such message.
    """
    return [_field(span) for span in _below(_message(kind), _MESSAGE_FIELDS)]


@cache
def enum_values(kind: str) -> Mapping[str, int]:
    """An enum's names and numbers in their order.

    Raises:
        KeyError: the schema has no such enum.
    """
    parent, _, name = kind.rpartition(".")
    enums = _named(_message(parent), _MESSAGE_ENUMS) if parent else _named(_top(), _FILE_ENUMS)
    pairs = (_values(span) for span in _below(enums[name], _ENUM_VALUES))
    return {str(values[1]): to_signed(int(values.get(2, 0))) for values in pairs}


def _field(span: Span) -> DeclaredField:
    values = _values(span)
    kind = str(values.get(6, "")).removeprefix(f".{PACKAGE}.")
    default = str(values[7]) if 7 in values else None
    return DeclaredField(str(values[1]), int(values[3]), int(values[4]), int(values[5]), kind, default)


@cache
def _file() -> Mapped:
    place = schema_path()
    data = place.read_bytes()
    return Mapped(str(place), data, len(data))


@cache
def _top() -> Span:
    """The one file of the set."""
    return next(_below(Span(0, _file().size), _FILE))


@cache
def _message(kind: str) -> Span:
    """A message by its name below the package."""
    parent, _, name = kind.rpartition(".")
    return (_named(_message(parent), _MESSAGE_MESSAGES) if parent else _named(_top(), _FILE_MESSAGES))[name]


@cache
def _named(span: Span, number: int) -> Mapping[str, Span]:
    """The descriptors in a list of a descriptor by their names, which stand first."""
    return {text(_file(), next(_below(item, _NAME))): item for item in _below(span, number)}


def _below(span: Span, number: int) -> Iterator[Span]:
    """The payloads of a descriptor's fields of one number."""
    return (item.span for item in walk(_file(), span) if item.number == number)


def _values(span: Span) -> dict[int, int | str]:
    """A small descriptor's numbers and texts by field number."""
    return {
        item.number: item.value if item.wire == VARINT else text(_file(), item.span) for item in walk(_file(), span)
    }
