"""SegData: images with a label for every pixel, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("SegData")
class SegData(DataLayer):
    """Tops: images (batch_size, 3, h, w) and labels (batch_size, 1, h, w).

    h and w are crop_size (of transform_param, or of seg_data_param where images are resized to it), else
    transform_param's crop_height and crop_width, else the images' own. Without seg_data_param items are a database's,
    of data_param's batch_size.
    Source: lxx1991/caffe_mpi (XiaohangZhan/mix-and-match), KyunghyunPaeng/caffe-paeng and, of databases,
    xuehanxiongsc/caffe, src/caffe/layers/seg_data_layer.cpp.
    """

    field = "seg_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels."""
        if self.params.has("seg_data_param"):
            batch = view.integer("batch_size", 1)
        else:
            batch = self.params.message("data_param").integer("batch_size", 0)
        cut = tuple(transform.integer(f"crop_{side}", 0) for side in ("height", "width"))
        sizes = square(view, transform)
        height, width = sizes if sizes[0] or not all(cut) else cut
        return [(batch, 3, height, width), (batch, 1, height, width)]
