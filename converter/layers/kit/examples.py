"""Numbers that a bottom can be given where not every number will do, for nets that are run without data of theirs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from converter.layers.layer import Array, Shapes
    from converter.net.net import Shape

Random: TypeAlias = "np.random.Generator"


def whole_numbers(random: Random, count: int, shape: Shape) -> Array:
    """Whole numbers from 0 to count - 1: indices, labels."""
    return random.integers(0, max(1, count), shape).astype("float32")


def continuations(random: Random, shape: Shape) -> Array:
    """Marks of sequences (t, n): 0 where one begins, as all do at first, else mostly 1."""
    found = (random.uniform(size=shape) < 0.8).astype("float32")
    found[:1] = 0
    return found


def regions(random: Random, bottoms: Shapes, scale: float) -> Array:
    """Regions (r, 5) of image, x1, y1, x2, y2 within images whose map, the first bottom, is `scale` times as large."""
    (images, _, height, width), shape = bottoms[0], bottoms[1]
    corners = _corners(random, shape[:1])
    found = whole_numbers(random, images, (shape[0], 5))
    for axis, cells in enumerate((width, height)):
        pixels = cells / scale if scale > 0 else cells
        found[:, (1 + axis, 3 + axis)] = corners[:, :, axis] * (pixels - 1)
    return found.reshape(shape)


def image_sizes(bottoms: Shapes, stride: int) -> Array:
    """Sizes of images, the third bottom, whose map is the first: height and width of each, then scales of 1."""
    import numpy as np  # here, as whoever only reads a net needs none of it

    found = np.ones((bottoms[0][0], prod(bottoms[2]) // bottoms[0][0]), np.float32)
    found[:, 0], found[:, 1] = (size * stride for size in bottoms[0][2:])
    return found.reshape(bottoms[2])


def boxes_of_images(random: Random, images: int, classes: int, background: int, shape: Shape) -> Array:
    """True boxes (..., 8) as SSD's AnnotatedData gives them: item, label, 0, xmin, ymin, xmax, ymax, 0 (not difficult).

    Labels are those below `classes` but the background's.
    """
    import numpy as np

    rows = shape[:-1]
    labels = whole_numbers(random, classes - (0 <= background < classes), rows)
    found = np.zeros(shape, np.float32)
    found[..., 0] = whole_numbers(random, images, rows)
    found[..., 1] = labels + (labels >= background if background >= 0 else 0)
    found[..., 3:7] = _corners(random, rows).reshape(*rows, 4)
    return found


def boxes_of_cells(random: Random, classes: int, shape: Shape) -> Array:
    """True boxes (n, ...) as YOLO's nets read them: class, center x and y, width, height in parts of the image."""
    found = random.uniform(0.05, 0.95, (prod(shape) // 5, 5)).astype("float32")
    found[:, 0] = whole_numbers(random, classes, (len(found),))
    return found.reshape(shape)


def labels_of_cells(random: Random, classes: int, side: int, shape: Shape) -> Array:
    """Labels (n, 7 * side²) as BoxData gives them: difficult, object, class, then center and size of each cell's box.

    Every item holds an object, and none is difficult.
    """
    import numpy as np

    items, cells = shape[0], side**2
    found = np.zeros((items, 7 * cells), np.float32)
    _, objects, kinds, boxes = np.split(found, (cells, 2 * cells, 3 * cells), axis=1)
    objects[:] = whole_numbers(random, 2, objects.shape)
    objects[:, :1] = 1
    kinds[:] = whole_numbers(random, classes, kinds.shape)
    boxes[:] = random.uniform(0.05, 0.95, boxes.shape)
    return found.reshape(shape)


def pooled_places(random: Random, size: tuple[int, int], shape: Shape) -> Array:
    """Positions (n, c, h, w) in planes of `size`, row by row, as max pooling tells them: none twice if they fit."""
    import numpy as np

    plane, taken = prod(size), prod(shape[2:])
    found = [random.choice(plane, taken, replace=plane < taken) for _ in range(prod(shape[:2]))]
    return np.array(found, np.float32).reshape(shape)


def _corners(random: Random, rows: Shape) -> Array:
    """Corners (..., 2, 2), the near one first, each x and y, in parts of the image."""
    corners = random.uniform(size=(*rows, 2, 2))
    corners.sort(axis=-2)
    return corners
