"""The field table that the oracle relies on, written by hand from the format's documentation.

One line a message: `field number type = default`, separated by `;`. `*` after a type means repeated, `enum(A=0 B=1)`
lists names and numbers. A number 0 marks a fork's field: forks disagree on its number, and text has no use for it.
Floats are float32 in Caffe, so their values and defaults are rounded to float32 before they are used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reference.tables import BVLC, FORKS

_FIELD = re.compile(r"(\w+) (\d+) (\w+)(\*?)(?:\(([^)]*)\))?(?: = (.+))?$")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field: its number on the wire (0 unknown), its type, and its default as text ("" where it has none)."""

    name: str
    number: int
    type: str
    repeated: bool
    default: str
    values: Mapping[str, int]


def _row(text: str) -> FieldRow:
    match = _FIELD.match(text.strip())
    assert match is not None, text
    name, number, kind, star, values, default = match.groups()
    pairs = (pair.split("=") for pair in (values or "").split())
    return FieldRow(name, int(number), kind, bool(star), default or "", {word: int(value) for word, value in pairs})


def _table(text: str) -> dict[str, dict[str, FieldRow]]:
    table: dict[str, dict[str, FieldRow]] = {}
    for line in text.strip().splitlines():
        kind, _, fields = line.partition(":")
        rows = [_row(part) for part in fields.split(";") if part.strip()]
        table.setdefault(kind.strip(), {}).update({row.name: row for row in rows})
    return table


TABLE: dict[str, dict[str, FieldRow]] = _table(BVLC + FORKS)
"""message (named as the field that holds it, such as `convolution_param`) -> field -> row."""

PASSED_OVER = frozenset(_table(BVLC))
"""Messages that BVLC's Caffe takes on layers of any type. A fork's may mean something on a type of BVLC's too."""


def declare(text: str) -> None:
    """Add a layer file's own messages and fields to the table; what stands there already keeps its row."""
    for kind, rows in _table(text).items():
        known = TABLE.setdefault(kind, {})
        known.update({name: row for name, row in rows.items() if name not in known})


LAYER = TABLE["layer"]
NET = TABLE["net"]
BLOB = TABLE["blob"]
V1 = TABLE["layers"]
V0 = TABLE["v0_layer"]
