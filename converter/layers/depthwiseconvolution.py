"""DepthwiseConvolution: a convolution that keeps channels apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.convolution import Convolution
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("DepthwiseConvolution", "DEPTHWISE_CONVOLUTION")
class DepthwiseConvolution(Convolution):
    """A Convolution whose `group` is the number of input channels where the file does not set it.

    weight: (c_out, c_in / group, kh, kw). Source: src/caffe/layers/depthwise_conv_layer.cpp (yonghenglh6, BVLC#5665,
    eric612/MobileNet-YOLO, where `group` is written out).
    """

    def read_group(self, view: Params) -> int:
        """The file's group, else one for each channel."""
        group = view.integer("group")
        return group if view.has("group") else self.channels
