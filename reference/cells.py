"""Grids of YOLO's first version (yeahkun/caffe-yolo): what a cell predicts, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference.layer import Array, Layer
from reference.params import Params


@dataclass(frozen=True, slots=True)
class Cells:
    """One item: scores (classes, cells), objectness (boxes, cells), places (boxes, 4, cells) as the grid has them.

    `true`: a cell's class, box and whether it is difficult, of those that have an object.
    """

    scores: Array
    sure: Array
    places: Array
    true: dict[int, tuple[int, Array, bool]]
    side: int
    squared: bool
    constrained: bool

    def box(self, number: int, cell: int) -> Array:
        """A predicted box as x, y, width, height in fractions of the image."""
        box = np.array(self.places[number, :, cell], np.float64)
        if self.constrained:
            box[:2] = np.add(box[:2], [cell % self.side, cell // self.side]) / self.side
        if self.squared:
            box[2:] = box[2:] ** 2
        return box


def read_cells(layer: Layer, params: Params, grid: Array, labels: Array) -> list[Cells]:
    """The items of a grid of (classes + 5 boxes) side² numbers each, with labels of 7 side²."""
    side, classes, boxes = params.integer("side"), params.integer("num_class"), params.integer("num_object")
    count = side * side
    if grid.size != len(grid) * (classes + 5 * boxes) * count or labels.size != len(grid) * 7 * count:
        raise layer.error(f"has bottoms of shapes {grid.shape} and {labels.shape}")
    found = []
    for values, own in zip(grid.reshape(len(grid), -1, count), labels.reshape(len(grid), -1), strict=True):
        true = {}
        for cell in np.flatnonzero(own[count : 2 * count]).tolist():
            label = int(own[2 * count + cell])
            if not 0 <= label < classes:
                raise layer.error(f"has a box of class {label} of {classes}")
            true[cell] = label, own[3 * count + 4 * cell :][:4], own[cell] == 1
        parts: list[NDArray[np.float64]] = np.split(values, [classes, classes + boxes])
        places = parts[2].reshape(boxes, 4, count)
        flags = params.flag("sqrt"), params.flag("constriant")
        found.append(Cells(parts[0], parts[1], places, true, side, *flags))
    return found
