"""WindowSegData: DeconvNet's windows of images with label maps, fed by the caller."""

from __future__ import annotations

from converter.layers.imagesegdata import ImageSegData
from converter.layers.layer import layer


@layer("WindowSegData")
class WindowSegData(ImageSegData):
    """Tops: windows (batch_size, 3 or 1, h, w), labels (batch_size, 1, h, w), the images' sizes (batch_size, 1, 1, 2).

    Sizes are stated as ImageSegData's are.
    Source: HyeonwooNoh/caffe, src/caffe/layers/window_seg_data_layer.cpp.
    """
