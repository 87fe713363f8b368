"""Every error that bad input can cause.

```
ConversionError                  root: catch this one
 |- PrototxtError                text that does not read: syntax, types, structure
 |- CaffemodelError              a weight, mean or state file that does not read
 |- GraphError                   layers that do not connect: bottoms, tops, phases
 |- UnsupportedLayerError        layer types nobody registered
 |- UnsupportedParameterError    a field that no layer took, or a value it cannot honour
 |- ShapeError                   blobs whose shapes do not fit a layer
 |- WeightsError                 weights that do not belong to the net
 |- ImageError                   an image that cannot be read or used
 |- DatasetError                 a data set that is not where or what it should be
 |- DownloadError                a file that cannot be fetched or unpacked
 |- ComparisonError              sets of blobs that cannot be compared
 |- TrainingError                a run that cannot start, go on or be resumed
 `- OutputError                  a result that cannot be written
```
A message reads `<where>: <what is wrong>; <seen and expected>; <what to do>`; its parts are attributes too.
"""

from __future__ import annotations


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
        return f"{where}: {self.message}" if where else self.message


class PrototxtError(ConversionError):
    """Text that does not read; `column` counts from 1, 0 where none applies."""

    def __init__(
        self, message: str, *, path: str | None = None, line: int = 0, column: int = 0, layer: str | None = None
    ) -> None:
        super().__init__(message, path=path, line=line, layer=layer)
        self.column = column

    def __str__(self) -> str:
        if self.path and self.line and self.column:
            return f"{self.path}:{self.line}:{self.column}: {self.message}"
        return super().__str__()


class CaffemodelError(ConversionError):
    """A binary file (weights, mean, solver state) that does not read."""


class GraphError(ConversionError):
    """Layers that do not connect."""


class UnsupportedLayerError(ConversionError):
    """Layer types that nobody registered; `types` names them all."""

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


class ComparisonError(ConversionError):
    """Sets of blobs that cannot be compared."""


class TrainingError(ConversionError):
    """A run that cannot start, go on or be resumed."""


class OutputError(ConversionError):
    """A result that cannot be written."""
