r"""Every error that the oracle raises on bad input.

```
OracleError            root: catch this one
 |- TextError          a prototxt that does not read
 |- WireError          a binary file that does not read
 |- NetError           layers that do not connect, types unknown to the oracle
 |- LayerError         a layer whose fields, bottoms or blobs do not fit
 |- WeightsError       weights that do not belong to the net
 |- InputError         inputs that are missing, unasked for or no arrays
 `- ComparisonError    sets of blobs that cannot be compared
```
A message reads `<where>: <what is wrong>; <seen and expected>; <what to do>`. Names from files stand in it escaped
(`\x1b`); in the attributes they are as they were.
"""

from __future__ import annotations

from reference.names import printable


class OracleError(Exception):
    """Root of every error; `path`, `line` (0 where a file has no lines) and `layer` say where, as the text does."""

    def __init__(self, message: str, *, path: str | None = None, line: int = 0, layer: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.layer = layer

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.path and self.line else self.path
        return printable(f"{where}: {self.message}" if where else self.message)


class TextError(OracleError):
    """A prototxt that does not read."""


class WireError(OracleError):
    """A binary file that does not read."""


class NetError(OracleError):
    """Layers that do not connect, or types unknown to the oracle."""


class LayerError(OracleError):
    """A layer whose fields, bottoms or blobs do not fit."""


class WeightsError(OracleError):
    """Weights that do not belong to the net."""


class InputError(OracleError):
    """Inputs that are missing, unasked for, or no arrays."""


class ComparisonError(OracleError):
    """Sets of blobs that cannot be compared."""
