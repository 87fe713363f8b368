"""Interp: bilinear resizing that keeps the corners where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Interp", "INTERP")
class Interp(Operator):
    """x: (n, c, h, w), cropped by -pad_beg and -pad_end at both axes, then resized; corners meet corners.

    The size is height and width, or (h - 1) // shrink_factor + 1, of which zoom_factor makes (h - 1) * zoom_factor + 1
    (both may be given: first shrink, then zoom); with none of them, or with a second bottom, as the code of PSPNet has
    it, the second bottom's (some forks say use_blob_size as well).
    Source: DeepLab's and PSPNet's src/caffe/layers/interp_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the size's spelling."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("interp_param")
        self.shrink, self.zoom = view.integer("shrink_factor", 1), view.integer("zoom_factor", 1)
        self.fixed = (
            (view.integer("height"), view.integer("width")) if view.has("height") and view.has("width") else None
        )
        self.begin, self.end = view.integer("pad_beg", 0), view.integer("pad_end", 0)
        if max(self.begin, self.end) > 0:
            raise view.error(
                "pad_beg", f"and pad_end are {self.begin} and {self.end}", "only cropping, 0 or less, is defined"
            )
        if min(self.shrink, self.zoom) < 1:
            raise view.error("zoom_factor", f"is {self.zoom}, shrink_factor {self.shrink}", "expected at least 1")
        if view.flag("use_blob_size", False) and len(bottoms) < 2:
            raise view.error("use_blob_size", "takes the size of a second bottom", "there is none")
        factors = view.has("shrink_factor") or view.has("zoom_factor")
        if (self.fixed is not None) + factors + (len(bottoms) > 1) != 1:
            raise view.error(
                "height", "and width, factors and a second bottom give the size", "expected one of the three"
            )
        if any(len(shape) != 4 for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected 4 axes (n, c, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        n, c, h, w = bottoms[0]
        if len(bottoms) > 1:
            return [(n, c, *bottoms[1][2:])]
        return [(n, c, *(self.fixed or (self._scale(h), self._scale(w))))]

    def _scale(self, size: int) -> int:
        shrunk = (size + self.begin + self.end - 1) // self.shrink + 1
        return (shrunk - 1) * self.zoom + 1

    def module(self) -> nn.Module:
        """Interp."""
        from converter.modules import upsampling

        return upsampling.Interp(self.fixed, self.shrink, self.zoom, self.begin, self.end)
