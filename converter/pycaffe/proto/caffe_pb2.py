"""`caffe.proto.caffe_pb2`: message classes and enums, made from the project's compiled schema and forks' fields."""

from __future__ import annotations

from typing import Any

from converter.pycaffe.proto.fork_schema import fork_file, fork_message_class

DESCRIPTOR = fork_file()


def __getattr__(name: str) -> Any:
    """A message class, an enum, or an enum's value (`TRAIN`, `TEST`), by its name in caffe.proto."""
    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

    if name in DESCRIPTOR.message_types_by_name:
        value: Any = fork_message_class(name)
    elif name in DESCRIPTOR.enum_types_by_name:
        value = EnumTypeWrapper(DESCRIPTOR.enum_types_by_name[name])
    else:
        values = {one.name: one.number for enum in DESCRIPTOR.enum_types_by_name.values() for one in enum.values}
        if name not in values:
            raise AttributeError(f"caffe.proto has no {name!r}")
        value = values[name]
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Names of the messages and enums."""
    return [*DESCRIPTOR.message_types_by_name, *DESCRIPTOR.enum_types_by_name]
