"""Caffe's messages and fields, from the compiled schema in a descriptor pool of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from converter.formats.protobuf.compiled_schema import PACKAGE, DeclaredField, declared_fields, enum_values, schema_path
from converter.formats.record import Word

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import Message

FieldType: TypeAlias = Literal["int", "float", "bool", "string", "bytes", "enum", "message"]

# FieldDescriptorProto.Type: protobuf's numbers for what a field holds.
_TYPES: dict[int, FieldType] = {
    1: "float", 2: "float", 8: "bool", 9: "string", 11: "message", 12: "bytes", 14: "enum",
}  # fmt: skip
_INT32, _INT64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
_UINT32, _UINT64 = (0, 2**32 - 1), (0, 2**64 - 1)
_BOUNDS = {
    3: _INT64, 4: _UINT64, 5: _INT32, 6: _UINT64, 7: _UINT32, 13: _UINT32,
    15: _INT32, 16: _INT64, 17: _INT32, 18: _INT64,
}  # fmt: skip
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

    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(schema_path().read_bytes()).file:
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
        declared = declared_fields(kind)
    except KeyError:
        return _NO_FIELDS
    return MappingProxyType({item.name: _spec(item) for item in declared})


def _spec(item: DeclaredField) -> FieldSpec:
    """One field's description."""
    holds = _TYPES.get(item.type, "int")
    repeated = item.label == _LABEL_REPEATED
    values = enum_values(item.kind) if holds == "enum" else {}
    return FieldSpec(
        name=item.name,
        number=item.number,
        type=holds,
        repeated=repeated,
        default=() if repeated else _default(holds, item.default, values),
        kind=item.kind,
        values=MappingProxyType(values),
        bounds=_BOUNDS.get(item.type),
    )


def _default(holds: FieldType, stated: str | None, values: Mapping[str, int]) -> Any:
    """What an absent field reads as: the stated text, else proto2's own; of an enum the first value."""
    if holds == "message":
        return None
    if holds == "enum":
        return Word(stated or next(iter(values)))
    if stated is None:
        return {"int": 0, "float": 0.0, "bool": False, "string": "", "bytes": b""}[holds]
    if holds == "float":
        return float(stated)
    if holds == "int":
        return int(stated)
    if holds == "bool":
        return stated == "true"
    return stated.encode() if holds == "bytes" else stated
