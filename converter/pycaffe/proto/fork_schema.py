"""caffe.proto with the messages and fields that forks add, in a descriptor pool of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from converter.formats.protobuf.compiled_schema import PACKAGE
from converter.formats.protobuf.schema import descriptor_file
from converter.pycaffe.proto.fork_fields import FORK_FIELDS

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
    from google.protobuf.message import Message

_FIRST = 20_000
"""Of the numbers that added fields get, behind protobuf's own range."""

_FIELD = re.compile(r"(\w+) (enum\(([^)]*)\)|[\w.]+)(\*?)(?: = ([^\s;]+))?")
_SCALARS = {"int": 5, "float": 2, "bool": 8, "text": 9}  # FieldDescriptorProto.Type
_ENUM, _MESSAGE, _OPTIONAL, _REPEATED = 14, 11, 1, 3


@cache
def fork_file() -> FileDescriptor:
    """The schema's one file, with its messages and enums by name."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool

    file, pool = FileDescriptorProto(), DescriptorPool()
    descriptor_file().CopyToProto(file)
    _extend(file)
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(file.name)


@cache
def fork_message_class(name: str) -> type[Message]:
    """The protobuf class of a message of Caffe's or a fork's."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(fork_file().message_types_by_name[name])


def _extend(file: FileDescriptorProto) -> None:
    """Add what the table lists."""
    messages = {message.name: message for message in file.message_type}
    number = _FIRST
    for owner, fields in _rows():
        message, _, enum = owner.partition(".")
        if enum:
            values = next(one for one in messages[message].enum_type if one.name == enum)
            values.value.add(name=fields, number=_FIRST)
            continue
        if owner not in messages:
            messages[owner] = file.message_type.add(name=owner)
        for match in _FIELD.finditer(fields):
            _add_field(messages[owner], match, number)
            number += 1


def _rows() -> Iterator[tuple[str, str]]:
    """Each message with its fields; lines that begin with blanks go on."""
    for line in FORK_FIELDS.strip().replace("\n    ", " ").splitlines():
        owner, _, fields = line.partition(": ")
        yield owner, fields


def _add_field(message: DescriptorProto, match: re.Match[str], number: int) -> None:
    name, kind, values, repeated, default = match.groups()
    field: Any = message.field.add(name=name, number=number, label=_REPEATED if repeated else _OPTIONAL)
    if default:
        field.default_value = default
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
        return
    if values is not None:
        kind = f"{message.name}.{name.title().replace('_', '')}"
        enum = message.enum_type.add(name=kind.rpartition(".")[2])
        for word, value in (pair.split("=") for pair in values.split()):
            enum.value.add(name=word, number=int(value))
    field.type, field.type_name = _ENUM if "." in kind else _MESSAGE, f".{PACKAGE}.{kind}"
