"""Reader of prototxt: protobuf's text format as Caffe and its forks write it, into Records."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from converter.errors import PrototxtError
from converter.formats.detect import HEAD, detect_format
from converter.formats.protobuf.schema import FieldSpec, fields
from converter.formats.prototxt.literals import Literal, MismatchError, raw_value, typed_value, unescape
from converter.formats.prototxt.templates import fill_template
from converter.formats.prototxt.tokens import Source, Token, quote, tokens
from converter.formats.record import Field, Record, Value

DEEPEST = 100  # nested messages; Caffe's own nets need six
LARGEST = 8 * 2**20  # bytes; the largest nets in public hold two million

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # neither blanks nor DOS's end of a file, 0x1a
_CLOSERS = {"{": "}", "<": ">"}
_NET_FIELDS = frozenset({"layer", "layers", "input", "input_dim", "input_shape"})
_SOLVER_FIELDS = frozenset(
    {"net", "train_net", "test_net", "net_param", "train_net_param", "base_lr", "lr_policy", "max_iter", "solver_mode"}
)
_CALLED = {"NetParameter": "a net (a list of layers)", "SolverParameter": "a solver (learning rates, a net's name)"}
_NOT_TEXT = {
    "lfs": "is a git-LFS pointer, not a prototxt; run `git lfs pull` where it came from",
    "html": "is a web page, not a prototxt; fetch the file itself",
    "hdf5": "is an HDF5 file, not a prototxt; give the text that describes the net",
    "png": "is a PNG image, not a prototxt; give the text that describes the net",
    "jpeg": "is a JPEG image, not a prototxt; give the text that describes the net",
    "gzip": "is gzip-compressed, not a prototxt; unpack it first",
    "bzip2": "is bzip2-compressed, not a prototxt; unpack it first",
    "xz": "is xz-compressed, not a prototxt; unpack it first",
    "zip": "is a zip archive, not a prototxt; unpack it first",
}


def read_prototxt(path: str | os.PathLike[str], kind: str = "NetParameter") -> Record:
    """A prototxt file as a message of the schema's `kind`: UTF-8, with or without BOM, or bytes of any encoding.

    Bytes that are no UTF-8 become surrogates (PEP 383), the same that the readers of weights give. `${NAME}` stands for
    what `template_values` gives.

    Raises:
        PrototxtError: the file is not there, not text, or `parse_prototxt` refuses it.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            data = file.read(LARGEST + 1)  # a pipe or device does not say its size
            size = max(os.fstat(file.fileno()).st_size, len(data))
    except OSError as error:
        hint = "name a prototxt file" + (" in it" if Path(name).is_dir() else "")
        raise PrototxtError(f"cannot be read: {error.strerror or error}; {hint}", path=name) from error
    if size > LARGEST:
        raise PrototxtError(f"holds {size} bytes; a prototxt has at most {LARGEST}; is it a weights file?", path=name)
    return parse_prototxt(fill_template(_decode(data, name), name, net=kind == "NetParameter"), kind, name)


def parse_prototxt(text: str, kind: str = "NetParameter", path: str = "<text>") -> Record:
    """Text as a message of the schema's `kind`: known fields typed by the schema, unknown ones kept with known=False.

    Follows protobuf's text format and what forks do beyond it: fields, enum values and bare words that the schema does
    not know, and an optional scalar given twice, are kept in file order.

    Raises:
        PrototxtError: a mistake in the text, with line, column and the line itself; a net where a solver was asked
            for, or the other way round; nothing at all where a net or solver was asked for.
    """
    source = Source(text, path)
    record = Record(kind, source.where(0), _Parser(source).top(kind))
    if kind in _CALLED:
        _check_kind(record, source)
    return record


def kind_of(record: Record) -> str:
    """`NetParameter` or `SolverParameter` by the fields a message has; "" where they tell nothing."""
    names = {item.name for item in record.fields}
    if names & _NET_FIELDS:
        return "NetParameter"
    return "SolverParameter" if names & _SOLVER_FIELDS else ""


def _check_kind(record: Record, source: Source) -> None:
    """Refuse nothing at all, a net where a solver was asked for, and a solver where a net was."""
    if not record.fields:
        raise PrototxtError(f"is empty; expected {_CALLED[record.kind]}; name the right file", path=source.path)
    found = kind_of(record)
    if found and found != record.kind:
        message = f"this is {_CALLED[found]}; expected {_CALLED[record.kind]}; name the right file"
        marks = _NET_FIELDS if found == "NetParameter" else _SOLVER_FIELDS
        where = next(item.where for item in record.fields if item.name in marks)
        raise PrototxtError(message, path=source.path, line=where.line, column=where.column)


def _decode(data: bytes, path: str) -> str:
    """A file's text; what is not text is refused by its name."""
    head = data[:HEAD]
    found = detect_format(head)
    if found in _NOT_TEXT:
        raise PrototxtError(_NOT_TEXT[found], path=path)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if _CONTROL.search(head):
        message = "is a binary file, not a prototxt; weights (.caffemodel) go where weights are asked for"
        raise PrototxtError(message, path=path)
    return data.decode("utf-8", "surrogateescape")


class _Parser:
    """One walk over a text's tokens; `token` is the one to be read next."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stream: Iterator[Token] = tokens(source)
        self.token = next(self.stream)

    def top(self, kind: str) -> tuple[Field, ...]:
        """The fields of the whole text."""
        found: list[Field] = []
        specs = fields(kind)
        while self.token.kind != "end":
            self.field(specs, found, 0)
        return tuple(found)

    def advance(self) -> Token:
        """The token to be read, after moving on to the one behind it."""
        token = self.token
        if token.kind != "end":
            self.token = next(self.stream)
        return token

    def unexpected_token(self, what: str) -> PrototxtError:
        """The complaint that something else stands where `what` should."""
        seen = "the end of the file" if self.token.kind == "end" else quote(self.token.text)
        return self.source.error(self.token.offset, f"unexpected {seen}; expected {what}")

    def field(self, specs: Mapping[str, FieldSpec], found: list[Field], depth: int) -> None:
        """`name: value`, `name { ... }` or `name: [ ... ]`, and a separator behind it, appended to `found`."""
        if self.token.kind != "word" or not self.token.text.isidentifier():
            raise self.unexpected_token("a field name")
        name = self.advance()
        spec = specs.get(name.text)
        where = self.source.where(name.offset)
        colon = self.token.text == ":"
        if colon:
            self.advance()
        if colon and self.token.text == "[":
            for value, offset in self.items(name.text, spec, depth):
                found.append(Field(name.text, value, self.source.where(offset), spec is not None))
        elif colon or self.token.text in _CLOSERS:
            found.append(Field(name.text, self.value(name.text, spec, depth), where, spec is not None))
        else:
            raise self.unexpected_token(f"':' or '{{' after {quote(name.text)}")
        if self.token.text in (",", ";"):
            self.advance()

    def items(self, name: str, spec: FieldSpec | None, depth: int) -> Iterator[tuple[Value, int]]:
        """The values of `[a, b]` with their offsets; `[]` has none."""
        self.advance()
        while self.token.text != "]":
            offset = self.token.offset
            yield self.value(name, spec, depth), offset
            if self.token.text != ",":
                break
            self.advance()
            if self.token.text == "]":
                raise self.unexpected_token("a value")
        if self.token.text != "]":
            raise self.unexpected_token(f"',' or ']' in the list of {quote(name)}")
        self.advance()

    def value(self, name: str, spec: FieldSpec | None, depth: int) -> Value:
        """A scalar or a message, as the schema asks for it."""
        offset = self.token.offset
        if self.token.text in _CLOSERS:
            if spec is not None and spec.type != "message":
                raise self.source.error(
                    offset, f"{quote(name)} is of type {spec.type}; seen a message; write {name}: ..."
                )
            return self.message(name, spec.kind if spec else "", depth + 1)
        literal = self.literal(name)
        if spec is None:
            return raw_value(literal)
        if spec.type == "message":
            raise self.source.error(offset, f"{quote(name)} holds a message; seen {literal}; write {name} {{ ... }}")
        try:
            return typed_value(spec, literal)
        except MismatchError as error:
            raise self.source.error(offset, f"{quote(name)} cannot be {literal}; expected {error}") from None

    def message(self, name: str, kind: str, depth: int) -> Record:
        """`{ ... }` or `< ... >`."""
        opened = self.advance()
        if depth > DEEPEST:
            raise self.source.error(opened.offset, f"messages nest deeper than {DEEPEST}; Caffe's nets need six levels")
        closer = _CLOSERS[opened.text]
        found: list[Field] = []
        specs = fields(kind)
        while self.token.text != closer:
            if self.token.kind == "end":
                raise self.source.error(opened.offset, f"the message of {quote(name)} is never closed; add '{closer}'")
            if self.token.kind != "word":
                raise self.unexpected_token(f"a field name or '{closer}'")
            self.field(specs, found, depth)
        self.advance()
        return Record(kind, self.source.where(opened.offset), tuple(found))

    def literal(self, name: str) -> Literal:
        """A number, word or string, with the minus sign or the adjacent strings that belong to it."""
        negative = self.token.text == "-"
        if negative:
            self.advance()
        if self.token.kind == "string" and not negative:
            parts = [unescape(self.advance().text)]
            while self.token.kind == "string":
                parts.append(unescape(self.advance().text))
            return Literal("string", "".join(parts))
        if self.token.kind == "number" or (self.token.kind == "word" and not negative):
            return Literal(self.token.kind, self.advance().text, negative)
        if self.token.kind == "word" and self.token.text.lower() in ("inf", "infinity", "nan"):
            return Literal("word", self.advance().text, negative)
        raise self.unexpected_token(f"a {'number behind the minus sign' if negative else 'value'} of {quote(name)}")
