"""NdConvolution: a convolution over any number of axes whose window is written as shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.convolution import Convolution
from converter.layers.kit.windows import Geometry, read_shapes
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("NdConvolution")
class NdConvolution(Convolution):
    """A Convolution with kernel_shape, stride_shape and pad_shape, one `dim` for each spatial axis.

    Source: chuckcho/video-caffe, whose C3D nets (arXiv:1412.0767) use it for time, height and width.
    """

    def read_window(self, view: Params, axes: int) -> Geometry:
        """The three shapes."""
        return read_shapes(view, axes)
