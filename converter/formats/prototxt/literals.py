"""Numbers, words and strings of a prototxt as the values that the schema asks for."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from converter.formats.protobuf.schema import FieldSpec
from converter.formats.prototxt.tokens import quote
from converter.formats.record import Value, Word

_TRUE = frozenset({"true", "True", "TRUE", "t"})
_FALSE = frozenset({"false", "False", "FALSE", "f"})
_NOT_FINITE = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}
_LONGEST_INTEGER = 40  # digits; Python's own conversion is quadratic
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Literal(NamedTuple):
    """A scalar as written: `kind` is word, number or string; a string's text is what its quotes and escapes mean."""

    kind: str
    text: str
    negative: bool = False

    def __str__(self) -> str:
        return f"the string {quote(self.text)}" if self.kind == "string" else quote("-" * self.negative + self.text)


class MismatchError(ValueError):
    """A value that its field cannot hold; the text says what was expected."""


def typed_value(spec: FieldSpec, literal: Literal) -> Value:
    """The value of a field that the schema knows.

    Raises:
        MismatchError: the field holds something else.
    """
    if spec.type == "int":
        return _integer(spec, literal)
    if spec.type == "float":
        return _float(literal)
    if spec.type == "bool":
        return _bool(literal)
    if spec.type == "enum":
        return _enum(spec, literal)
    return _string(literal)


def raw_value(literal: Literal) -> Value:
    """The value of a field that the schema does not know: int, float, str or Word, as it was written."""
    if literal.kind == "string":
        return literal.text
    if literal.kind == "number":
        whole = _to_integer(literal)
        return _to_float(literal) if whole is None else whole
    if literal.negative:
        return _NOT_FINITE.get(literal.text.lower(), math.nan) * -1
    return Word(literal.text)


def unescape(text: str) -> str:
    r"""What a string with its quotes means: bytes, C escapes too, as text; those that are no UTF-8 are surrogates.

    Caffe's strings are bytes, and so `"\276"` and the byte 0xBE itself are one name, in any encoding.
    """
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    try:
        given = inner.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a str of Python's with surrogates that stand for no byte
        given = inner.encode("utf-8", "replace")
    data = _ESCAPE.sub(_escape_bytes, given)
    return data.decode("utf-8", "surrogateescape")


def _escape_bytes(match: re.Match[bytes]) -> bytes:
    """The bytes that an escape stands for; an unknown one stands for its letter."""
    octal, hexadecimal, short, long, letter = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if letter is not None:
        return _ESCAPED.get(letter, letter)
    code = int(short or long, 16)
    return chr(code if code <= 0x10FFFF else 0xFFFD).encode("utf-8", "surrogatepass")


def _integer(spec: FieldSpec, literal: Literal) -> int:
    value = _to_integer(literal) if literal.kind == "number" else None
    if value is None:
        raise MismatchError("a whole number")
    lowest, highest = spec.bounds or (value, value)
    if not lowest <= value <= highest:
        raise MismatchError(f"a whole number from {lowest} to {highest}")
    return value


def _float(literal: Literal) -> float:
    if literal.kind == "number":
        return _to_float(literal)
    value = _NOT_FINITE.get(literal.text.lower()) if literal.kind == "word" else None
    if value is None:
        raise MismatchError("a number")
    return -value if literal.negative else value


def _bool(literal: Literal) -> bool:
    if literal.kind == "word" and literal.text in _TRUE:
        return True
    if literal.kind == "word" and literal.text in _FALSE:
        return False
    if literal.kind == "number" and literal.text in ("0", "1") and not literal.negative:
        return literal.text == "1"
    raise MismatchError("true or false")


def _enum(spec: FieldSpec, literal: Literal) -> Word:
    """An enum's word; a number becomes the name it has, and a fork's own word or number stays as it is."""
    if literal.kind == "word" and not literal.negative:
        return Word(literal.text)
    number = _to_integer(literal) if literal.kind == "number" else None
    if number is None:
        if "CONVOLUTION" in spec.values:
            raise MismatchError(
                "a word such as CONVOLUTION in layers { ... }; a type in quotes stands in layer { ... }"
            )
        raise MismatchError("a word such as " + ", ".join(list(spec.values)[:3]))
    return next((Word(name) for name, value in spec.values.items() if value == number), Word(number))


def _string(literal: Literal) -> str:
    """A string, or the bare word that a fork wrote in its place (still told apart, being a Word)."""
    if literal.kind == "string":
        return literal.text
    if literal.kind == "word" and not literal.negative:
        return Word(literal.text)
    raise MismatchError("a string in quotes")


def _to_integer(literal: Literal) -> int | None:
    """An integer written in decimal, hexadecimal (0x) or octal (leading 0); None for anything else."""
    text = literal.text
    if text[:2] in ("0x", "0X") and len(text) <= _LONGEST_INTEGER:
        value = int(text, 16)
    elif text.isdecimal() and len(text) <= _LONGEST_INTEGER:
        octal = len(text) > 1 and text[0] == "0"
        if octal and not set(text) <= set("01234567"):
            return None
        value = int(text, 8 if octal else 10)
    else:
        return None
    return -value if literal.negative else value


def _to_float(literal: Literal) -> float:
    """Any number as a float."""
    whole = _to_integer(literal)
    if whole is not None:
        return float(whole)
    hexadecimal = literal.text[:2] in ("0x", "0X")
    value = math.inf if hexadecimal else float(literal.text.rstrip("fF"))
    return -value if literal.negative else value
