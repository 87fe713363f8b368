"""Every error that bad input can cause.

```
ConversionError                  root: catch this one
 |- PrototxtError                text that does not read: syntax, types, structure
 |- CaffemodelError              a weight, mean or state file that does not read
 |- GraphError                   layers that do not connect: bottoms, tops, phases
 |- UnsupportedLayerError        layer types that are not registered
 |- UnsupportedParameterError    a field that no layer took, or a value it cannot honour
 |- ShapeError                   blobs whose shapes do not fit a layer
 |- WeightsError                 weights that do not belong to the net
 |- ImageError                   an image that cannot be read or used
 |- DatasetError                 a data set that is not where or what it should be
 |- DownloadError                a file that cannot be fetched or unpacked
 |- MemoryLimitError             sizes in a file that would take more memory than there may be taken
 |- ComparisonError              sets of blobs that cannot be compared
 |- TrainingError                a run that cannot start, go on or be resumed
 `- OutputError                  a result that cannot be written
```
A message reads `<where>: <what is wrong>; <seen and expected>; <what to do>`; its parts are attributes too. Names from
files stand in the text escaped (`printable`); in the attributes they are as they were.
"""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_QUOTED_BYTE = re.compile(r"(?<!\\)\\udc([89a-f][0-9a-f])")


def printable(text: str) -> str:
    r"""Text from a file as a terminal, a log or a page may get it: the one function that escapes.

    Control characters, marks without width or of text direction, and bytes that are no UTF-8 (surrogates, PEP 383) are
    written `\x1b`, `\u202e`, `\xbe`. Text that was escaped stays as it is; a byte that `repr` wrote `\udcbe` too reads
    `\xbe`.
    """
    return _QUOTED_BYTE.sub(r"\\x\1", _UNPRINTABLE.sub(_escape_backslashes, text))


def _escape_backslashes(match: re.Match[str]) -> str:
    code = ord(match.group())
    code -= 0xDC00 if 0xDC80 <= code <= 0xDCFF else 0
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class ConversionError(Exception):
    """Root of every error that bad input can cause.

    Attributes hold what the text says, for programs: `path` and `line` (0 where a file has no lines), `layer`, `field`.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int = 0,
        layer: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.layer = layer
        self.field = field

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.path and self.line else self.path
        return printable(f"{where}: {self.message}" if where else self.message)


class PrototxtError(ConversionError):
    """Text that does not read.

    `column` counts from 1, 0 where none applies; `excerpt` are lines that show the place, already printable.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int = 0,
        column: int = 0,
        layer: str | None = None,
        excerpt: str = "",
    ) -> None:
        super().__init__(message, path=path, line=line, layer=layer)
        self.column = column
        self.excerpt = excerpt

    def __str__(self) -> str:
        placed = bool(self.path and self.line and self.column)
        text = printable(f"{self.path}:{self.line}:{self.column}: {self.message}") if placed else super().__str__()
        return f"{text}\n{self.excerpt}" if self.excerpt else text


class CaffemodelError(ConversionError):
    """A binary file (weights, mean, solver state) that does not read."""


class GraphError(ConversionError):
    """Layers that do not connect."""


class UnsupportedLayerError(ConversionError):
    """Layer types that are not registered; `types` names them all."""

    def __init__(self, message: str, *, types: tuple[str, ...], path: str | None = None, line: int = 0) -> None:
        super().__init__(message, path=path, line=line)
        self.types = types


class UnsupportedParameterError(ConversionError):
    """A set field that no layer took, or a value that cannot be honoured."""


class ShapeError(ConversionError):
    """Shapes that do not fit a layer."""


class WeightsError(ConversionError):
    """Weights that do not belong to the net; the three lists name every layer or blob concerned."""

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        layer: str | None = None,
        missing: tuple[str, ...] = (),
        unexpected: tuple[str, ...] = (),
        misshapen: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, path=path, layer=layer)
        self.missing = missing
        self.unexpected = unexpected
        self.misshapen = misshapen


class ImageError(ConversionError):
    """An image that cannot be read or used."""


class DatasetError(ConversionError):
    """A data set that is not where or what it should be."""


class DownloadError(ConversionError):
    """A file that cannot be fetched, verified or unpacked."""


class MemoryLimitError(ConversionError):
    """Sizes that a file states and that would take more memory than may be taken; nothing was allocated."""


class ComparisonError(ConversionError):
    """Sets of blobs that cannot be compared."""


class TrainingError(ConversionError):
    """A run that cannot start, go on or be resumed."""


class OutputError(ConversionError):
    """A result that cannot be written."""
