"""The size that a resampling layer's fields, or its second bottom, give its top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError

if TYPE_CHECKING:
    from converter.layers.layer import Shapes
    from converter.net.params import Params


def read_target(view: Params, bottoms: Shapes, height: str, width: str) -> tuple[int, int] | None:
    """Height and width by the fields of these names; None where a second bottom gives them.

    Raises:
        ShapeError: bottoms of other than 4 axes.
        UnsupportedParameterError: sizes below 1.
    """
    if any(len(shape) != 4 for shape in bottoms):
        raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected 4 axes (n, c, h, w)")
    size = view.integer(height, 0), view.integer(width, 0)
    if len(bottoms) > 1:
        return None
    if min(size) < 1:
        raise view.error(height, f"and {width} are {size[0]} and {size[1]}", "give both, or a second bottom")
    return size
