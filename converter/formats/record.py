"""Messages as read, from text or binary alike: fields in file order, each with its position.

A `Record` is what both readers produce and what the upgrade rewrites; beyond `net/` nobody sees one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file: `line` and `column` count from 1; both are 0 in a binary file."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Word(str):
    """An unquoted word (enum name, boolean, or whatever a fork left unquoted), told apart from a string."""

    __slots__ = ()


Value: TypeAlias = "int | float | bool | str | Word | Record"


@dataclass(frozen=True, slots=True)
class Field:
    """One occurrence of a field; `known` says whether the schema lists it under its message."""

    name: str
    value: Value
    where: Where
    known: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A message: `kind` is its schema name ("" where the schema has none), `fields` keep file order and repeats."""

    kind: str
    where: Where
    fields: tuple[Field, ...] = field(default=())

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __contains__(self, name: str) -> bool:
        return any(item.name == name for item in self.fields)

    def all(self, name: str) -> tuple[Value, ...]:
        """Every value of a repeated field, in file order."""
        return tuple(item.value for item in self.fields if item.name == name)

    def last(self, name: str, default: Value | None = None) -> Value | None:
        """The value that counts for a field which may stand once: the last one."""
        values = self.all(name)
        return values[-1] if values else default

    def with_fields(self, fields: Iterable[Field]) -> Record:
        """The same message with other fields."""
        return replace(self, fields=tuple(fields))
