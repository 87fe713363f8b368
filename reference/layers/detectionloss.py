"""DetectionLoss (yeahkun/caffe-yolo): the loss of YOLO's first version, cell by cell.

Source: src/caffe/layers/detection_loss_layer.cpp.
"""

from __future__ import annotations

import math

import numpy as np

from reference.cells import Cells, read_cells
from reference.layer import Array, Layer
from reference.params import Params
from reference.yolo import centered_overlap

TYPE = "DetectionLoss"
MESSAGES = ("detection_loss_param",)
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = """
detection_loss_param: side 1 int = 7; num_class 2 int = 20; num_object 3 int = 2; object_scale 4 float = 1; noobject_scale 5 float = 0.5; class_scale 6 float = 1; coord_scale 7 float = 5; sqrt 8 bool = true; constriant 9 bool = false
"""  # noqa: E501 (one line a message)


def _overlap(one: Array, other: Array) -> float:
    if not (one[2] * one[3] or other[2] * other[3]):
        return 0.0
    return centered_overlap(one, other)


def _responsible(cells: Cells, cell: int, true: Array) -> int:
    best, least, chosen = 0.0, 20.0, 0
    for number in range(len(cells.sure)):
        overlap, distance = _overlap(cells.box(number, cell), true), math.dist(cells.box(number, cell), true)
        if best > 0 or overlap > 0:
            if overlap > best:
                best, chosen = overlap, number
        elif distance < least:
            least, chosen = distance, number
    return chosen


def _of_objects(cells: Cells, params: Params) -> tuple[float, float]:
    """What the objects' cells cost, and the objectness that does not count as that of nothing."""
    cost = counted = 0.0
    for cell, (label, true, _) in cells.true.items():
        wanted = np.arange(len(cells.scores)) == label
        cost += params.real("class_scale") * float(np.square(cells.scores[:, cell] - wanted).sum())
        number = _responsible(cells, cell, true)
        target = np.array(true, np.float64)
        if cells.constrained:
            target[:2] = target[:2] * cells.side - [cell % cells.side, cell // cells.side]
        if cells.squared:
            target[2:] = np.sqrt(target[2:])
        cost += params.real("coord_scale") * float(np.square(cells.places[number, :, cell] - target).sum())
        cost += params.real("object_scale") * (float(cells.sure[number, cell]) - 1) ** 2
        counted += float(cells.sure[number, cell]) ** 2
    return cost, counted


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grid (n, (classes + 5 boxes) side²), labels (n, 7 side²); returns ()."""
    layer.expect(bottoms, 2)
    params = layer.params("detection_loss_param")
    items = read_cells(layer, params, *bottoms)
    parts = [_of_objects(cells, params) for cells in items]
    count = sum(len(cells.true) for cells in items)
    nothing = sum(float(np.square(cells.sure).sum()) for cells in items) - sum(part[1] for part in parts)
    boxes = sum(cells.sure.size for cells in items) - count
    of_objects = sum(part[0] for part in parts) / count if count else math.nan
    return [np.asarray(of_objects + params.real("noobject_scale") * nothing / boxes)]
