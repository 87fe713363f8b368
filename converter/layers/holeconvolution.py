"""HoleConvolution: DeepLab's first name for a dilated convolution."""

from __future__ import annotations

from converter.layers.convolution import Convolution
from converter.layers.layer import layer


@layer("HoleConvolution", "HOLE_CONVOLUTION")
class HoleConvolution(Convolution):
    """A Convolution; `hole`, `hole_h` and `hole_w` are its dilation.

    Source: DeepLab's src/caffe/layers/conv_layer.cpp (arXiv:1412.7062), whose `hole` later became `dilation`.
    """
