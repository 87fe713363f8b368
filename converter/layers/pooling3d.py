"""Pooling3D: maxima or means over windows of length, height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.volumes import VolumePooling, read_volume
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("Pooling3D")
class Pooling3D(VolumePooling):
    """x: (n, c, length, h, w) -> (n, c, length', h', w'), MAX or AVE, sizes and divisors as Pooling has them.

    The window is kernel_size (or kernel_h and kernel_w), stride and pad of a plane, and along the length kernel_depth,
    temporal_stride and temporal_pad of C3D, or kernel_l, stride_l and pad_l of P3D. They stand in pooling3d_param, in
    C3D's V1 nets in pooling_param.
    Source: facebookarchive/C3D, C3D-v1.1/src/caffe/layers/pooling3d_layer.cpp; ZhaofanQiu/
    pseudo-3d-residual-networks, caffe_add_layers/src/pooling3d_layer.cpp (arXiv:1412.0767, 1711.10305).
    """

    def read(self, p: Params, axes: int) -> Params:
        """The fields of either message."""
        del axes
        view = p.message("pooling3d_param" if p.has("pooling3d_param") else "pooling_param")
        self.method = view.choice("pool", ("MAX", "AVE"), "MAX")
        self.whole = view.flag("global_pooling", False)
        self.geometry = read_volume(view, whole=self.whole)
        return view
