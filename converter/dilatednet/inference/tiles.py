"""An image of any size as tiles of the net's input size (fyu/dilation, predict.py): which pixel stands where.

The image is padded by 186 (half of what the unpadded front end consumes) by reflection that does not repeat the edge;
a tile starts every `input - 372` pixels; what a tile lacks at the right and the bottom is its own reflection. Rows and
columns do not mix, so both paddings are one list of row numbers and one of column numbers a tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from converter.data.reflection import Index, reflect101
from converter.data.transforms import preprocess
from converter.errors import ShapeError

MARGIN = 186


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows and columns of the image that fill a tile, and where its output begins in the image's own pixels."""

    rows: Index
    columns: Index
    top: int
    left: int


def tile_starts(length: int, size: int) -> Iterator[tuple[int, Index]]:
    """One axis: for every tile its start and the image's positions that fill it, (size,)."""
    step, padded = size - 2 * MARGIN, length + 2 * MARGIN
    if step < 1:
        raise ShapeError(f"tiles of {size} pixels; the front end alone consumes {2 * MARGIN}; give larger tiles")
    for start in range(0, length, step):
        within = reflect101(np.arange(size), min(size, padded - start))
        yield start, reflect101(start + within - MARGIN, length)


def tiles(image_size: tuple[int, int], size: tuple[int, int]) -> Iterator[Tile]:
    """Every tile of an image (height, width) for inputs of `size` (height, width), rows of tiles from the top.

    Raises:
        ShapeError: the tile is no larger than twice the margin.
    """
    columns = list(tile_starts(image_size[1], size[1]))
    for top, rows in tile_starts(image_size[0], size[0]):
        for left, across in columns:
            yield Tile(rows, across, top, left)


def crop_tile(
    image: npt.NDArray[np.uint8], tile: Tile, mean: tuple[float, float, float] | npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """The input for a tile of `image` (h, w, 3) R, G, B: float32 (1, 3, tile h, tile w), B, G, R minus the mean.

    The mean is a pixel, or an array (3, 1, 1) or (3, tile h, tile w).
    """
    return preprocess(image[tile.rows[:, None], tile.columns[None, :]], mean)[None]
