"""One layer of a net that is about to run: what the file says about it, and typed access to its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reference.errors import LayerError
from reference.params import Params
from reference.text import Message

Array = NDArray[np.floating[Any]]


class Parameter(NamedTuple):
    """A blob that a layer learns: its shape, its filler, and the values it starts from where no filler is named."""

    shape: tuple[int, ...]
    filler: Params
    default: float | Array = 0.0


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer after upgrading and phase filtering.

    `stored` counts the blobs that the weights hold for it, None without any.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    message: Message = field(repr=False)
    path: str
    phase: str = "test"
    stored: int | None = None

    @property
    def where(self) -> str:
        """The opening words of errors about this layer."""
        return f"layer '{self.name}' ({self.type})"

    def params(self, kind: str) -> Params:
        """The fields of the layer's message `kind` (such as "pooling_param"), empty where it is not set."""
        return Params(kind, self.message.messages(kind), self.where, self.path, self.message.line)

    def error(self, what: str) -> LayerError:
        """An error at this layer."""
        return LayerError(f"{self.where}: {what}", path=self.path, line=self.message.line, layer=self.name)

    def with_stored(self, count: int | None) -> Layer:
        """The same layer, knowing how many blobs the weights hold for it."""
        return replace(self, stored=count)

    def expect(self, bottoms: list[Array], least: int, most: int | None = None) -> None:
        """Raise unless the number of bottoms lies between `least` and `most` (the same where only one is given)."""
        most = least if most is None else most
        if not least <= len(bottoms) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self.error(f"has {len(bottoms)} bottoms; expected {wanted}")

    def axis(self, value: int, rank: int, name: str = "axis") -> int:
        """A possibly negative axis of a blob of that rank -> the axis counted from the front."""
        if not -rank <= value < rank:
            raise self.error(f"{name} is {value}; the blob has {rank} axes, so expected {-rank} to {rank - 1}")
        return value % rank
