"""Convolution3D: C3D's convolution over length, height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.convolution import Convolution
from converter.layers.kit.volumes import read_volume
from converter.layers.layer import Shapes, layer

if TYPE_CHECKING:
    from converter.layers.kit.windows import Geometry
    from converter.net.params import Params


@layer("Convolution3D")
class Convolution3D(Convolution):
    """A Convolution of x (n, c, length, h, w): weight (c_out, c / group, depth, k, k), bias (c_out,).

    The window is kernel_size, stride, pad of a plane, and kernel_depth, temporal_stride, temporal_pad along the length;
    `filter_group` is the group. They stand in convolution3d_param, in C3D's V1 nets in convolution_param.
    Source: facebookarchive/C3D, C3D-v1.1/src/caffe/layers/convolution3d_layer.cpp (arXiv:1412.0767).
    """

    legacy_axes = (5, 1)

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """The fields of either message."""
        self.message = "convolution3d_param" if p.has("convolution3d_param") else "convolution_param"
        if len(bottoms[0]) != 5:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected (n, c, length, h, w)")
        super().setup(p, bottoms)

    def read_axis(self, view: Params, rank: int) -> int:
        """The second."""
        del view, rank
        return 1

    def read_window(self, view: Params, axes: int) -> Geometry:
        """The window; other bottoms than volumes do not fit it."""
        del axes
        return read_volume(view)

    def read_group(self, view: Params) -> int:
        """filter_group."""
        return view.integer("filter_group", 1)
