"""LaneData: MobileNet-YOLO's batches of road images with lanes, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, channels, resized
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("LaneData")
class LaneData(DataLayer):
    """Tops: images (batch_size, c, h, w), lanes (batch_size, 5, 64, 3) and, as third, a map of lanes.

    h and w are transform_param's resize_param, else its crop_size. The map is (batch_size, 1, h / s, w / s), s being
    annotated_data_param's seg_scales (8), unless seg_resize_width and seg_resize_height state its first and second
    side, in that order.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/lane_data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, five lanes of 64 points, the map."""
        sizes = resized(view, transform)
        batch, annotated = view.integer("batch_size", 0), self.params.message("annotated_data_param")
        scale = annotated.integer("seg_scales", 8)
        if scale < 1:
            raise annotated.error("seg_scales", f"is {scale}", "expected at least 1")
        stated = tuple(annotated.integer(f"seg_resize_{side}", 0) for side in ("width", "height"))
        plane = stated if all(stated) else (sizes[0] // scale, sizes[1] // scale)
        return [(batch, channels(view, transform), *sizes), (batch, 5, 64, 3), (batch, 1, *plane)]
