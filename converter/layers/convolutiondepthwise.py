"""ConvolutionDepthwise: a kernel for every channel, whatever num_output and group say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.convolution import Convolution
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("ConvolutionDepthwise", "CONVOLUTION_DEPTHWISE")
class ConvolutionDepthwise(Convolution):
    """A Convolution of as many outputs and groups as there are channels; `num_output` and `group` change nothing.

    weight: (c, 1, kh, kw). Source: src/caffe/layers/conv_dw_layer.cpp of farmingyard/caffe-mobilenet, and of
    openvinotoolkit/training_toolbox_caffe.
    """

    def read_outputs(self, view: Params) -> int:
        """As many as inputs."""
        view.integer("num_output")
        return self.channels

    def read_group(self, view: Params) -> int:
        """One for each channel."""
        view.integer("group")
        return self.channels
