"""Anchors as YOLO's losses write them, and the grid of its first version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count

if TYPE_CHECKING:
    from converter.layers.layer import Shapes
    from converter.net.params import Params


def read_anchors(view: Params) -> list[tuple[float, float]]:
    """`biases` as pairs of width and height."""
    numbers = view.numbers("biases")
    if not numbers or len(numbers) % 2 or min(numbers) <= 0:
        raise view.error("biases", f"is {list(numbers)}", "expected pairs of numbers above 0")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


LABELS: Final = 7
"""Numbers a cell in YOLO's first version: difficult, object, class, box."""


def expect_cells(bottoms: Shapes, classes: int, boxes: int, side: int) -> None:
    """Compare a grid of (classes + 5 * boxes) * side² numbers an item, and labels of 7 * side², in any axes.

    Raises:
        ShapeError: other numbers, or nothing to find.
    """
    n, wanted = bottoms[0][0], (classes + 5 * boxes) * side**2
    if (
        min(classes, boxes, side) < 1
        or element_count(bottoms[0]) != n * wanted
        or element_count(bottoms[1]) != n * LABELS * side**2
    ):
        told = f"of {classes} classes and {boxes} boxes in {side}² cells"
        text = f"bottoms of shapes {list(bottoms[:2])}; expected (n, {wanted}) and (n, {LABELS * side**2})"
        raise ShapeError(f"{text}, {told}")
