"""Typed reading of one message's fields, with the field table's defaults."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from reference.errors import LayerError
from reference.schema import TABLE, FieldRow
from reference.text import Entry, Message

_LAYER = re.compile(r"layer '(.*)' \(", re.DOTALL)
_TRUE = {"true", "True", "t", "1"}
_FALSE = {"false", "False", "f", "0"}


def _integer(word: str) -> int:
    sign, digits = (-1, word[1:]) if word.startswith("-") else (1, word.removeprefix("+"))
    if digits.lower().startswith("0x"):
        return sign * int(digits, 16)
    if len(digits) > 1 and digits.startswith("0") and digits.isdigit():
        return sign * int(digits, 8)
    return sign * int(digits)


def _real(word: str) -> float:
    lowered = word.lower()
    if lowered.endswith("f") and not lowered.endswith("inf"):
        word = word[:-1]
    value = float(word)
    if math.isfinite(value) and abs(value) > float(np.finfo(np.float32).max):
        return math.copysign(math.inf, value)
    return float(np.float32(value))


class Params:
    """The fields of one message as Caffe sees them: the last one counts, absent ones have the table's default.

    `kind` names the table's line; `where` opens the text of errors. Repeated messages are merged, as protobuf merges
    them.
    """

    def __init__(self, kind: str, messages: Sequence[Message], where: str, path: str, line: int = 0) -> None:
        self.kind = kind
        self.where = where
        self.path = path
        self.line = messages[-1].line if messages else line
        self.entries = [entry for message in messages for entry in message.entries]

    def error(self, what: str, entry: Entry | None = None) -> LayerError:
        """An error at the field (or the message) that says where, then `what`."""
        named = _LAYER.match(self.where)
        line = entry.line if entry else self.line
        return LayerError(f"{self.where}: {what}", path=self.path, line=line, layer=named[1] if named else None)

    def row(self, name: str) -> FieldRow:
        """The table's row of a field; an absent one is a slip in the layer's file."""
        return TABLE[self.kind][name]

    def found(self, name: str) -> list[Entry]:
        """All fields of that name as written."""
        return [entry for entry in self.entries if entry.name == name]

    def has(self, name: str) -> bool:
        """Whether the field is set, be it to its default."""
        self.row(name)
        return any(entry.name == name for entry in self.entries)

    def unknown(self) -> list[Entry]:
        """Fields that the table does not hold."""
        return [entry for entry in self.entries if entry.name not in TABLE.get(self.kind, {})]

    def _convert(self, row: FieldRow, word: str, entry: Entry | None) -> int | float | bool | str:
        try:
            if row.type == "int":
                return _integer(word)
            if row.type == "float":
                return _real(word)
            if row.type == "bool":
                if word not in _TRUE | _FALSE:
                    raise ValueError
                return word in _TRUE
            if row.type == "enum":
                by_number = {str(number): label for label, number in row.values.items()}
                word = by_number.get(word, word)
                if word not in row.values:
                    raise ValueError
        except ValueError:
            expected = " or ".join(row.values) if row.values else f"a value of type {row.type}"
            raise self.error(f"field {row.name!r} is {word!r}; expected {expected}", entry) from None
        return word

    def _values(self, name: str, kind: str) -> list[int | float | bool | str]:
        row = self.row(name)
        assert row.type == kind, (self.kind, name, row.type)
        values = []
        for entry in self.found(name):
            if isinstance(entry.value, Message):
                raise self.error(f"field {name!r} is a message; expected a value of type {row.type}", entry)
            values.append(self._convert(row, entry.value, entry))
        return values

    def _last(self, name: str, kind: str) -> int | float | bool | str:
        values = self._values(name, kind)
        if values:
            return values[-1]
        row = self.row(name)
        if not row.default:
            raise self.error(f"field {name!r} is missing; it has no default, so it must be set")
        return self._convert(row, row.default, None)

    def integer(self, name: str) -> int:
        """An integer field; decimal, hexadecimal or octal."""
        return int(self._last(name, "int"))

    def real(self, name: str) -> float:
        """A float field, rounded to float32 as Caffe stores it."""
        return float(self._last(name, "float"))

    def flag(self, name: str) -> bool:
        """A boolean field."""
        return bool(self._last(name, "bool"))

    def text(self, name: str, default: str = "") -> str:
        """A text field, `default` where it is absent and the table has none either."""
        values = self._values(name, "text")
        return str(values[-1]) if values else (self.row(name).default or default)

    def choice(self, name: str) -> str:
        """An enum field, by name however it is written."""
        return str(self._last(name, "enum"))

    def integers(self, name: str) -> list[int]:
        """Every value of a repeated integer field."""
        return [int(value) for value in self._values(name, "int")]

    def reals(self, name: str) -> list[float]:
        """Every value of a repeated float field, rounded to float32."""
        return [float(value) for value in self._values(name, "float")]

    def texts(self, name: str) -> list[str]:
        """Every value of a repeated text field."""
        return [str(value) for value in self._values(name, "text")]

    def each(self, name: str, kind: str) -> list[Params]:
        """One view a message of that name; `kind` is the table's line for them."""
        found = [entry.value for entry in self.found(name) if isinstance(entry.value, Message)]
        return [Params(kind, [message], self.where, self.path) for message in found]

    def message(self, name: str, kind: str) -> Params:
        """All messages of that name merged into one view; an empty one where none is set."""
        found = [entry.value for entry in self.found(name) if isinstance(entry.value, Message)]
        return Params(kind, found, self.where, self.path, self.line)
