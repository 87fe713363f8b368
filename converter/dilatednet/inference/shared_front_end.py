"""One front end for all tiles of an image: what tiles share is computed once, what no tile uses is not computed.

Two tiles overlap by 372 pixels, and the last one runs on beyond the image. The front end has no padding, so on a grid
of 8 pixels its output at a place does not depend on the tile that holds the place: it is run over the whole padded
image, and each tile's part is cut out for the context module, whose zero padding is what ties an output to its tile.
Cells further beyond the image than the context module reaches cannot change an output inside it and are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from converter.data.reflection import Index
from converter.dilatednet.inference.tiles import MARGIN, Tile, crop_tile, tile_starts
from converter.dilatednet.topology import Topology

if TYPE_CHECKING:
    from converter.dilatednet.zoo import Model
    from converter.fast.accelerated_module import AcceleratedModule

CELL = 8
"""Pixels between two cells of the front end's output."""

_WINDOW = 3_500_000
"""Pixels the front end takes at a time: a Cityscapes image with its margins fits, and no larger one needs more."""


@dataclass(frozen=True, slots=True)
class TileAxis:
    """One axis of an image: its tiles, and the cells to compute.

    `starts` are the tiles' first pixels, `positions` the image's row or column for each pixel of the padded image,
    `cells` each tile's cells that are computed, `kept` those of them that lie on the image.
    """

    starts: tuple[int, ...]
    positions: Index
    cells: tuple[int, ...]
    kept: tuple[int, ...]


def receptive_cells(topology: Topology) -> int:
    """Cells that the context module sees to each side: 33 at depth 8 (paper, table 1)."""
    return sum(topology.dilations[:-1])


def lay_out(length: int, size: int, margin_cells: int) -> TileAxis | None:
    """The tiles along an axis of `length` pixels for tiles of `size`; None where tiles leave the grid of cells.

    A tile's cells line up with the whole image's if the step between tiles is a multiple of 8 (not so for KITTI's
    width of 1640); then no pooling window of the front end is cut by a tile's end either.
    """
    step = size - 2 * MARGIN
    if step % CELL:
        return None
    tiles = list(tile_starts(length, size))
    starts = tuple(start for start, _ in tiles)
    positions = np.concatenate([*(index[:step] for _, index in tiles[:-1]), tiles[-1][1]])
    kept = tuple(min(step // CELL, _visible(length - start)) for start in starts)
    cells = tuple(min(step // CELL, count + margin_cells) for count in kept)
    total = starts[-1] + cells[-1] * CELL + 2 * MARGIN
    return TileAxis(starts, positions[:total], cells, kept)


def _visible(pixels: int) -> int:
    """Cells that `pixels` need: interpolation looks one cell further than the last pixel's own."""
    return (pixels - 1) // CELL + 2


def shared_probabilities(
    net: torch.nn.Module,
    image: npt.NDArray[np.uint8],
    model: Model,
    size: tuple[int, int],
    on_tile: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[Tile, Tensor]] | None:
    """Every tile with its probabilities (classes, rows, columns) float32, cut where the image ends.

    None where the module is no accelerated DilatedNet with classes, where nothing is shared or left out, or where tiles
    are off the grid: then tiles are run one by one.
    """
    from converter.dilatednet.model import DilatedNet
    from converter.fast.accelerated_module import AcceleratedModule

    if not isinstance(net, AcceleratedModule) or not isinstance(net.net, DilatedNet):
        return None
    topology = net.net.topology
    if not topology.classes:
        return None
    rows = lay_out(image.shape[0], size[0], receptive_cells(topology))
    columns = lay_out(image.shape[1], size[1], receptive_cells(topology))
    if rows is None or columns is None or not _saves_work(rows, columns, size):
        return None
    return _run(net, image, model, (rows, columns), on_tile)


def _saves_work(rows: TileAxis, columns: TileAxis, size: tuple[int, int]) -> bool:
    """Whether the padded image is smaller than its tiles together."""
    tiles = len(rows.starts) * len(columns.starts) * size[0] * size[1]
    return rows.positions.size * columns.positions.size < tiles


def _run(
    net: AcceleratedModule,
    image: npt.NDArray[np.uint8],
    model: Model,
    axes: tuple[TileAxis, TileAxis],
    on_tile: Callable[[int, int], None] | None,
) -> Iterator[tuple[Tile, Tensor]]:
    rows, columns = axes
    features = _features(net, image, model, axes)
    zoom = CELL // model.label_set.zoom
    done, total = 0, len(rows.starts) * len(columns.starts)
    for top, high, keep_rows in zip(rows.starts, rows.cells, rows.kept, strict=True):
        for left, wide, keep_columns in zip(columns.starts, columns.cells, columns.kept, strict=True):
            part = features[:, :, top // CELL : top // CELL + high, left // CELL : left // CELL + wide]
            prob = net.segment("behind_features")(part)[0, :, : keep_rows * zoom, : keep_columns * zoom]
            yield Tile(np.empty(0, np.intp), np.empty(0, np.intp), top, left), prob
            done += 1
            if on_tile:
                on_tile(done, total)


def _features(
    net: AcceleratedModule, image: npt.NDArray[np.uint8], model: Model, axes: tuple[TileAxis, TileAxis]
) -> Tensor:
    """The front end's output over the whole padded image: (1, classes, rows, columns), a window at a time."""
    cells = [(axis.positions.size - 2 * MARGIN) // CELL for axis in axes]
    strips: list[Tensor] = []
    for top, high in _windows(cells[0], cells[1]):
        parts = []
        for left, wide in _windows(cells[1], high):
            down = axes[0].positions[top * CELL : (top + high) * CELL + 2 * MARGIN]
            across = axes[1].positions[left * CELL : (left + wide) * CELL + 2 * MARGIN]
            x = torch.from_numpy(crop_tile(image, Tile(down, across, 0, 0), model.label_set.mean))
            parts.append(net.segment("features")(x))
        strips.append(torch.cat(parts, 3))
    return torch.cat(strips, 2)


def _windows(cells: int, other: int) -> list[tuple[int, int]]:
    """`cells` in as few equal runs as keep a window of `other` cells across under the limit."""
    most = max(_WINDOW // (other * CELL + 2 * MARGIN) - 2 * MARGIN, CELL * 32) // CELL
    count = math.ceil(cells / most)
    bounds = [cells * part // count for part in range(count + 1)]
    return [(start, stop - start) for start, stop in pairwise(bounds)]
