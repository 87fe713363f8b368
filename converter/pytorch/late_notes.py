"""Notes that take a pass over the weights file: made when first asked for, so that loading stays without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from converter.errors import ConversionError


class LateNotes:
    """Notes made at the first `get`; copies of a module share them."""

    def __init__(self, make: Callable[[], Iterable[str]]) -> None:
        self._make: Callable[[], Iterable[str]] | None = make
        self._notes: tuple[str, ...] = ()

    def get(self) -> tuple[str, ...]:
        """The notes; where the file can no longer be read, one that says so."""
        make, self._make = self._make, None
        if make is not None:
            try:
                self._notes = tuple(make())
            except ConversionError as error:
                self._notes = (f"numbers that are not finite were not counted: {error}",)
        return self._notes

    def __deepcopy__(self, memo: dict[int, Any]) -> LateNotes:
        """The same notes: what they are made of is the file, not the copy."""
        del memo
        return self
