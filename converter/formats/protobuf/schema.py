"""Caffe's messages and fields, from the compiled schema in a descriptor pool of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from converter.formats.record import Word

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import Message

PACKAGE = "caffe"
PLACES = (
    Path(__file__).resolve().parents[3] / "proto" / "caffe.binpb",  # a checkout
    Path(__file__).resolve().parents[2] / "caffe.binpb",  # an installed wheel
)
FieldType: TypeAlias = Literal["int", "float", "bool", "string", "bytes", "enum", "message"]

# FieldDescriptor.cpp_type: protobuf's numbers for what a field holds.
_TYPES: dict[int, FieldType] = {
    1: "int", 2: "int", 3: "int", 4: "int", 5: "float", 6: "float", 7: "bool", 8: "enum", 9: "string", 10: "message",
}  # fmt: skip
_BOUNDS = {1: (-(2**31), 2**31 - 1), 2: (-(2**63), 2**63 - 1), 3: (0, 2**32 - 1), 4: (0, 2**64 - 1)}
_TYPE_BYTES = 12
_LABEL_REPEATED = 3
_NO_FIELDS: Mapping[str, FieldSpec] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What the schema says of a field.

    `default` is proto2's: () where repeated, None for a message, a `Word` for an enum. `kind` names the message or
    enum, `values` maps an enum's names to their numbers, `bounds` are the smallest and largest integer that fit.
    """

    name: str
    number: int
    type: FieldType
    repeated: bool = False
    default: Any = None
    kind: str = ""
    values: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    bounds: tuple[int, int] | None = None


@cache
def _pool() -> DescriptorPool:
    """The private pool: another package may register its own caffe.proto in protobuf's default one."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.descriptor_pool import DescriptorPool

    place = next((path for path in PLACES if path.is_file()), PLACES[0])
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(place.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def descriptor_file() -> FileDescriptor:
    """The schema's one file, with its messages and enums by name."""
    return _pool().FindFileContainingSymbol(f"{PACKAGE}.NetParameter")


@cache
def _bytes_pool() -> DescriptorPool:
    """The same schema with every string as bytes: the wire form is the same, and Caffe's names need not be UTF-8."""
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool

    pool, given = DescriptorPool(), FileDescriptorProto()
    _pool().FindMessageTypeByName(f"{PACKAGE}.NetParameter").file.CopyToProto(given)
    for message in given.message_type:
        for item in message.field:
            if item.type == FieldDescriptorProto.TYPE_STRING:
                item.type = FieldDescriptorProto.TYPE_BYTES
    pool.AddSerializedFile(given.SerializeToString())
    return pool


@cache
def bytes_message_class(name: str) -> type[Message]:
    """The protobuf class of a Caffe message whose strings are bytes, as Caffe's own are.

    Raises:
        KeyError: the schema has no such message.
    """
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(_bytes_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@cache
def message_class(name: str) -> type[Message]:
    """The protobuf class of a Caffe message, such as `BlobProto`.

    Raises:
        KeyError: the schema has no such message.
    """
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@cache
def fields(kind: str) -> Mapping[str, FieldSpec]:
    """The fields of a message by name; empty for a message that the schema does not list ("" included)."""
    try:
        descriptor = _pool().FindMessageTypeByName(f"{PACKAGE}.{kind}")
    except KeyError:
        return _NO_FIELDS
    return MappingProxyType({item.name: _spec(item) for item in descriptor.fields})


def _spec(item: FieldDescriptor) -> FieldSpec:
    """One field's description."""
    holds = _TYPES[item.cpp_type]
    repeated = _is_repeated(item)
    named = item.enum_type or item.message_type
    default = item.default_value
    values: Mapping[str, int] = MappingProxyType({})
    if item.enum_type is not None:
        values = MappingProxyType({value.name: value.number for value in item.enum_type.values})
        default = None if repeated else Word(item.enum_type.values_by_number[default].name)
    elif holds == "float" and not repeated:
        default = float(f"{default:.7g}")  # protobuf rounds 0.999 to single precision; the text readers do not
    return FieldSpec(
        name=item.name,
        number=item.number,
        type="bytes" if item.type == _TYPE_BYTES else holds,
        repeated=repeated,
        default=() if repeated else None if holds == "message" else default,
        kind=named.full_name.removeprefix(f"{PACKAGE}.") if named is not None else "",
        values=values,
        bounds=_BOUNDS.get(item.cpp_type),
    )


def _is_repeated(item: FieldDescriptor) -> bool:
    """Newer protobufs say so by name and warn about `label`; older ones have only the label."""
    named = getattr(item, "is_repeated", None)
    return bool(named) if named is not None else getattr(item, "label", 0) == _LABEL_REPEATED
