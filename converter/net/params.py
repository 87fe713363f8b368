"""The accounting view of a layer's parameters: every field that is read is ticked off, and the rest can be listed."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from converter.errors import UnsupportedParameterError
from converter.formats.protobuf.schema import FieldSpec, fields
from converter.formats.record import Field, Record, Value, Word
from converter.net.ignored_fields import INERT

T = TypeVar("T")

_EXPECTED = {
    "_integer": "a whole number",
    "_number": "a number",
    "_flag": "true or false",
    "_text": "a word or a string",
}


@dataclass(frozen=True, slots=True)
class Leftover:
    """A set field that no layer read: the layer, the dotted path below it, the value as text, and where it stands."""

    layer: str
    path: str
    value: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: layer {self.layer!r}: {self.path}: {self.value}"


class Params:
    """One message of a layer, read by name and type; a field is taken once any reader has asked for it.

    Each reader uses the schema's default where the field is absent, or the caller's `default` where the schema has
    none (fields that only forks know); a field with neither is required. The last of several values counts, as in
    protobuf, and repeated messages merge. `stored_blobs` is how many blobs the weights file has for the layer, where
    one is at hand: forks use one name for layers that differ in just that.
    """

    def __init__(
        self, record: Record, *, path: str = "", layer: str = "", only: Callable[[Field], bool] | None = None
    ) -> None:
        self.record = record
        self.layer = layer
        self.path = path
        self._fields: tuple[Field, ...] = tuple(record) if only is None else tuple(f for f in record if only(f))
        self._schema: Mapping[str, FieldSpec] = fields(record.kind)
        self.stored_blobs: int | None = None
        self._taken: set[str] = set()
        self._children: dict[str, tuple[Params, ...]] = {}

    def has(self, name: str) -> bool:
        """Whether the field is set, be it to its default; asking does not take it."""
        return any(item.name == name for item in self._fields)

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer field."""
        return self._read_one(name, default, _integer)

    def number(self, name: str, default: float | None = None) -> float:
        """A real field."""
        return self._read_one(name, default, _number)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A boolean field."""
        return self._read_one(name, default, _flag)

    def text(self, name: str, default: str | None = None) -> str:
        """A string field."""
        return self._read_one(name, default, _text)

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """An enum field, as its name; anything but `choices` is an error that lists them."""
        chosen = self._read_one(name, default, _text)
        if chosen not in choices:
            raise self.error(name, f"is {chosen}", f"expected one of {', '.join(choices)}")
        return chosen

    def integers(self, name: str) -> tuple[int, ...]:
        """Every value of a repeated integer field."""
        return tuple(self._convert(item, _integer) for item in self._read(name))

    def numbers(self, name: str) -> tuple[float, ...]:
        """Every value of a repeated real field."""
        return tuple(self._convert(item, _number) for item in self._read(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a repeated string or enum field."""
        return tuple(self._convert(item, _text) for item in self._read(name))

    def flags(self, name: str) -> tuple[bool, ...]:
        """Every value of a repeated boolean field."""
        return tuple(self._convert(item, _flag) for item in self._read(name))

    def message(self, name: str) -> Params:
        """A sub-message; an absent one reads as empty, several merge."""
        if name not in self._children:
            records = [self._record(item) for item in self._read(name)]
            kind = records[0].kind if records else self._kind(name)
            where = records[0].where if records else self.record.where
            merged = Record(kind, where, tuple(item for record in records for item in record))
            self._children[name] = (Params(merged, path=self._message_below(name), layer=self.layer),)
        return self._children[name][0]

    def messages(self, name: str) -> tuple[Params, ...]:
        """Every value of a repeated sub-message."""
        if name not in self._children:
            found = self._read(name)
            self._children[name] = tuple(
                Params(self._record(item), path=self._message_below(name), layer=self.layer) for item in found
            )
        return self._children[name]

    def take_rest(self) -> None:
        """Tick off every field, sub-messages' too: nothing in this one changes a number that the net computes."""
        self._taken.update(item.name for item in self._fields)
        for children in self._children.values():
            for child in children:
                child.take_rest()

    def leftovers(self) -> Iterator[Leftover]:
        """Every set field that no layer read and that is not known to be without effect (`net/ignored_fields.py`)."""
        for item in self._fields:
            if item.name not in self._taken and item.name not in INERT:
                yield Leftover(
                    self.layer, self._message_below(item.name), _shorten(item.value), item.where.path, item.where.line
                )
        for children in self._children.values():
            for child in children:
                yield from child.leftovers()

    def fields_read(self) -> Iterator[str]:
        """Dotted path of every field that an operator has read, set or not, sub-messages' included."""
        yield from (self._message_below(name) for name in sorted(self._taken))
        for children in self._children.values():
            for child in children:
                yield from child.fields_read()

    def error(self, name: str, what: str, todo: str = "") -> UnsupportedParameterError:
        """An error about a field of this message, at the place where it stands."""
        where = next((item.where for item in reversed(self._fields) if item.name == name), self.record.where)
        text = f"{self._message_below(name)} {what}" + (f"; {todo}" if todo else "")
        return UnsupportedParameterError(text, path=where.path, line=where.line, field=self._message_below(name))

    def _read(self, name: str) -> list[Field]:
        self._taken.add(name)
        return [item for item in self._fields if item.name == name]

    def _read_one(self, name: str, default: T | None, convert: Callable[[Value], T | None]) -> T:
        found = self._read(name)
        if found:
            return self._convert(found[-1], convert)
        if default is None and name in self._schema:
            default = convert(self._schema[name].default) if self._schema[name].default is not None else None
        if default is None:
            raise self.error(name, "is missing", "the layer cannot do without it")
        return default

    def _convert(self, item: Field, convert: Callable[[Value], T | None]) -> T:
        value = convert(item.value)
        if value is None:
            raise self.error(item.name, f"is {_shorten(item.value)}", f"expected {_EXPECTED[convert.__name__]}")
        return value

    def _record(self, item: Field) -> Record:
        if not isinstance(item.value, Record):
            raise self.error(item.name, f"is {_shorten(item.value)}", "expected a message in braces")
        return item.value

    def _kind(self, name: str) -> str:
        spec = self._schema.get(name)
        return (spec.kind or "") if spec is not None and spec.type == "message" else ""

    def _message_below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _integer(value: Value) -> int | None:
    if isinstance(value, float) and not value.is_integer():  # infinite and NaN too
        return None
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _number(value: Value) -> float | None:
    """A real value, rounded to float32: that is what Caffe's schema holds, and 0.1 is not the same in both."""
    if isinstance(value, Word) and value.lower() in {"inf", "nan", "infinity"}:
        return float(value)
    return to_single(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def to_single(value: float) -> float:
    """A number rounded to float32; infinite where float32 ends."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _flag(value: Value) -> bool | None:
    if isinstance(value, (bool, int)):
        return bool(value) if value in (0, 1) else None
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    return words.get(value.lower()) if isinstance(value, str) else None


def _text(value: Value) -> str | None:
    return str(value) if isinstance(value, str) else None


def _shorten(value: Value) -> str:
    """A value as a person would write it, cut to a line."""
    if isinstance(value, Record):
        inner = " ".join(f"{item.name}: {_shorten(item.value)}" for item in list(value)[:4])
        return f"{{ {inner} }}"
    if isinstance(value, str) and not isinstance(value, Word):
        return repr(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
