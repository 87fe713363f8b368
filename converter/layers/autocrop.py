"""AutoCrop: a crop that begins where the net's geometry says."""

from __future__ import annotations

from converter.layers.crop import Crop
from converter.layers.layer import layer


@layer("AutoCrop")
class AutoCrop(Crop):
    """A Crop from axis 2 on that begins where the first bottom lies over the second by the net's geometry.

    `crop_param`, which the geometry is entered as, stands over it. Source: yun-liu/rcf,
    src/caffe/layers/auto_crop_layer.cpp.
    """
