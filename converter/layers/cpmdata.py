"""CPMData: images with maps of body parts, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("CPMData")
class CPMData(DataLayer):
    """Tops: images (batch_size, c, h, w) and maps (batch_size, 2 * (num_parts + 1), h / stride, w / stride).

    The first half of the maps are weights, the second targets. In TRAIN h and w are cpm_transform_param's crop_size_y
    and crop_size_x, in TEST the data set's; c is the data set's, whose items hold maps behind the image's channels.
    Source: CMU-Perceptual-Computing-Lab/caffe_train, src/caffe/layers/cpm_data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, maps."""
        del transform
        own = self.params.message("cpm_transform_param")
        batch, stride = view.integer("batch_size", 0), own.integer("stride", 4)
        if stride < 1:
            raise own.error("stride", f"is {stride}", "expected at least 1")
        height, width = (own.integer(f"crop_size_{axis}", 0) if self.phase == "train" else 0 for axis in "yx")
        parts = own.integer("num_parts", 0)
        maps = 2 * (parts + 1) if parts else 0
        return [(batch, 0, height, width), (batch, maps, height // stride, width // stride)]

    def _assume(self, stated: Shape, transform: Params) -> Shape:
        """Nothing: three channels would leave out the maps."""
        del transform
        return stated
