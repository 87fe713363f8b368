"""Text of a prototxt as tokens, and every complaint about it with file, line, column and the line itself."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from converter.errors import PrototxtError
from converter.formats.prototxt.templates import PLACEHOLDER, name_of, open_names
from converter.formats.record import Where

SHOWN = 100  # characters of a source line that an error shows

# The possessive `*+` keeps hostile runs of blanks and comments linear.
_TOKEN = re.compile(
    r"""(?:\s++|\#[^\n]*+)*+
    (?:(?P<word>[A-Za-z_][\w./\-]*+)
      |(?P<number>(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?)(?![\w.]))
      |(?P<string>"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+')
      |(?P<mark>[{}<>\[\]:,;\-])
      |(?P<end>\Z)
      |(?P<bad>[\w.]+|[\s\S]))""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A piece of text: `kind` is word, number, string (quotes kept), mark or end; `offset` counts characters from 0."""

    kind: str
    text: str
    offset: int


class Source:
    """A prototxt's text with its line starts: turns offsets into positions and complaints."""

    def __init__(self, text: str, path: str) -> None:
        if text.startswith("\ufeff"):
            text = text[1:]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.text = text
        self.path = path
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def where(self, offset: int) -> Where:
        """Line and column, from 1, of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return Where(self.path, line, offset - self._starts[line - 1] + 1)

    def error(self, offset: int, message: str) -> PrototxtError:
        """The complaint about the character at `offset`: the message, the source line, a caret under the spot."""
        where = self.where(offset)
        shown, caret = self._excerpt(where)
        excerpt = f"    {shown}\n    {caret}^"
        return PrototxtError(message, path=self.path, line=where.line, column=where.column, excerpt=excerpt)

    def _excerpt(self, where: Where) -> tuple[str, str]:
        """The part of the line around the column, and what stands before the caret (tabs kept, so that both align)."""
        first = self._starts[where.line - 1]
        spot = where.column - 1
        begin = max(0, spot - SHOWN // 2) if spot > SHOWN - 20 else 0
        line = self.text[first + begin : first + begin + SHOWN].split("\n", 1)[0]
        shown = "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in line)
        caret = "".join("\t" if letter == "\t" else " " for letter in shown[: spot - begin])
        dots = "..." if begin else ""
        return dots + shown, " " * len(dots) + caret


def tokens(source: Source) -> Iterator[Token]:
    """The tokens of a text, one at a time, so that a wrong one stops the reading where it stands.

    Raises:
        PrototxtError: a string without its closing quote, a number that is none, a character that means nothing.
    """
    make = tuple.__new__  # a NamedTuple's own is two calls a token more
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or "end"
        if kind == "bad":
            raise _token_problem(source, match.group(kind), match.start(kind))
        yield make(Token, (kind, match[kind], match.start(kind)))


def quote(text: str) -> str:
    """A token's text for a message: one line, in quotes, not too long."""
    cut = text if len(text) <= 40 else text[:37] + "..."
    return ascii(cut) if not cut.isprintable() else f"'{cut}'"


def _token_problem(source: Source, text: str, offset: int) -> PrototxtError:
    """What is wrong with a piece of text that is no token."""
    if text in ("'", '"'):
        return source.error(offset, f"a string opens here and its line ends without the closing {text}; close it")
    if match := PLACEHOLDER.match(source.text, offset):
        names = open_names(source.text)
        others = f" (all of this text: {', '.join(names)})" if len(names) > 1 else ""
        place = f"{match[0]} is a place that this template leaves open{others}"
        name = name_of(match)
        return source.error(offset, f"{place}; give its value: --set {name}=VALUE (values={{{name!r}: VALUE}})")
    if text[0].isdigit() or len(text) > 1:
        return source.error(offset, f"{quote(text)} is not a number; expected one such as 3, 0.5 or 1e-4, or a string")
    if source.text.startswith(("//", "/*"), offset):
        return source.error(offset, f"{source.text[offset : offset + 2]} begins no comment here; write #")
    return source.error(offset, f"unexpected character {quote(text)}; remove it, or put the text into quotes")
