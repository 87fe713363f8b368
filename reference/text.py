"""Reads protobuf's text form into nested fields with line numbers, knowing no schema: every field is kept as written.

Grammar: protobuf's text-format specification, read tolerantly. `name: value`, `name { ... }`, `name: < ... >`, lists in
brackets, `,` or `;` after a field, `#` comments, both quotes, adjacent strings as one, byte order mark, CRLF, names in
any encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reference.errors import TextError
from reference.names import decode
from reference.templates import fill_in, open_place

DEEPEST = 100
_LARGEST = 8 * 2**20
_TOKEN = re.compile(r"""(?P<skip>[\s\ufeff]+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
                    r"""|(?P<mark>[{}<>\[\]:;,])|(?P<word>[^\s{}<>\[\]:;,"'#]+)""", re.DOTALL)  # fmt: skip
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Quoted(str):
    """A value that stood in quotes; a bare word or number is a plain str."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One field as written: its name, its value (a word, a quoted text or a message) and its line, counted from 1."""

    name: str
    value: str | Message
    line: int


@dataclass(slots=True)
class Message:
    """Fields in the order of the file; `line` is where the message opens."""

    entries: list[Entry] = field(default_factory=list)
    line: int = 0

    def named(self, name: str) -> list[Entry]:
        """All fields of that name, in order."""
        return [entry for entry in self.entries if entry.name == name]

    def messages(self, name: str) -> list[Message]:
        """The values of that name that are messages."""
        return [entry.value for entry in self.entries if entry.name == name and isinstance(entry.value, Message)]

    def words(self, name: str) -> list[str]:
        """The values of that name that are words or texts."""
        return [entry.value for entry in self.entries if entry.name == name and isinstance(entry.value, str)]

    def word(self, name: str, default: str = "") -> str:
        """The last word or text of that name."""
        found = self.words(name)
        return found[-1] if found else default

    def add(self, name: str, value: str | Message, line: int = 0) -> None:
        """Append a field; `line` 0 takes the message's own."""
        self.entries.append(Entry(name, value, line or self.line))


def _unescape(body: str) -> bytes:
    r"""C's escapes, which name bytes: `\xc3\xa9` is the letter that the file may hold as two bytes, too."""

    def one(match: re.Match[bytes]) -> bytes:
        code = match.group(1)
        if code[:1] == b"x" and len(code) > 1:
            return bytes([int(code[1:], 16)])
        return bytes([int(code, 8) & 255]) if code[:1] in b"01234567" else _NAMED.get(code, code)

    return _ESCAPE.sub(one, body.encode("utf-8", "surrogateescape"))


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str, path: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise TextError(f"{text[position]!r} opens a text that does not end on its line", path=path, line=line)
        kind = match.lastgroup or ""
        if kind == "word" and "$" in match.group() and (name := open_place(text, text.index("$", position))):
            what = f"${{{name}}} is a place that this template leaves open; give its value (values={{{name!r}: VALUE}})"
            raise TextError(what, path=path, line=line)
        if kind != "skip":
            tokens.append(_Token(kind, match.group(), line))
        line += match.group().count("\n")
        position = match.end()
    tokens.append(_Token("end", "the end of the text", line))
    return tokens


class _Parser:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.tokens = _tokens(text, path)
        self.at = 0

    def fail(self, expected: str) -> TextError:
        token = self.tokens[self.at]
        return TextError(f"{token.text[:40]!r} where {expected} was expected", path=self.path, line=token.line)

    def next_is(self, marks: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "mark" and token.text in marks

    def skip(self, marks: str) -> bool:
        found = self.next_is(marks)
        self.at += found
        return found

    def message(self, closing: str, depth: int) -> Message:
        if depth > DEEPEST:
            raise self.fail(f"at most {DEEPEST} messages one in the other")
        result = Message(line=self.tokens[max(self.at - 1, 0)].line)
        while not (self.next_is(closing) if closing else self.tokens[self.at].kind == "end"):
            self.one_field(result, depth)
            self.skip(",;")
        self.at += bool(closing)
        return result

    def one_field(self, into: Message, depth: int) -> None:
        token = self.tokens[self.at]
        if token.kind != "word":
            raise self.fail("a field's name")
        self.at += 1
        if not self.skip(":") and not self.next_is("{<"):
            raise self.fail(f"':' or '{{' after {token.text!r}")
        if not self.skip("["):
            into.entries.append(Entry(token.text, self.value(depth), token.line))
            return
        if self.skip("]"):
            return
        into.entries.append(Entry(token.text, self.value(depth), token.line))
        while not self.skip("]"):
            if not self.skip(","):
                raise self.fail("',' or ']' in a list")
            into.entries.append(Entry(token.text, self.value(depth), token.line))

    def value(self, depth: int) -> str | Message:
        if self.next_is("{<"):
            closing = "}" if self.tokens[self.at].text == "{" else ">"
            self.at += 1
            return self.message(closing, depth + 1)
        token = self.tokens[self.at]
        if token.kind == "string":
            return self.strings()
        if token.kind != "word":
            raise self.fail("a value")
        self.at += 1
        if token.text != "-":
            return token.text
        if self.tokens[self.at].kind != "word":
            raise self.fail("a number after '-'")
        self.at += 1
        return "-" + self.tokens[self.at - 1].text

    def strings(self) -> Quoted:
        parts = []
        try:
            while self.tokens[self.at].kind == "string":
                parts.append(_unescape(self.tokens[self.at].text[1:-1]))
                self.at += 1
        except UnicodeEncodeError:  # a str of Python's with surrogates that stand for no byte
            raise self.fail("text of bytes or UTF-8") from None
        return Quoted(decode(b"".join(parts)))


def parse_text(text: str, path: str = "<text>") -> Message:
    """Text of a prototxt -> its fields, unknown ones and all.

    Raises:
        TextError: naming path and line, where the text is no protobuf text.
    """
    return _Parser(text, path).message("", 0)


def read_text(path: str | Path, values: Mapping[str, object] | None = None) -> Message:
    """A prototxt file -> its fields; bytes that are not UTF-8 are kept as surrogates (PEP 383), as in binary files.

    `values`: of a template, what each `${NAME}` stands for.

    Raises:
        TextError: where the file cannot be opened, is binary, or does not read.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise TextError(f"cannot be read: {error.strerror or error}", path=str(path)) from None
    if len(data) > _LARGEST:
        raise TextError(f"holds more than {_LARGEST} bytes; is it a prototxt?", path=str(path))
    if b"\0" in data[:4096]:
        raise TextError("is a binary file; a prototxt (text) was expected", path=str(path))
    return parse_text(fill_in(decode(data).removeprefix("\ufeff"), values, str(path)), str(path))
