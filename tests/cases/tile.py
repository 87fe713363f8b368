"""Tile: A blob repeated along one axis."""

from tests.case import Case, signed

TYPE = "Tile"

CASES = [
    Case("axis=1, tiles=3", "tile_param { tiles: 3 }", {"x": signed(2, 2, 3)}),
    Case("axis=-1, tiles=2", "tile_param { axis: -1 tiles: 2 }", {"x": signed(2, 3)}),
]
