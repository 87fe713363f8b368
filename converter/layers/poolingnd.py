"""PoolingND: maxima or means over windows of any axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.volumes import VolumePooling
from converter.layers.kit.windows import Geometry, read_geometry
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("PoolingND")
class PoolingND(VolumePooling):
    """x: (n, c, 1 to 3 spatial axes) -> (n, c, ...), MAX or AVE, sizes and divisors as Pooling has them.

    kernel_size, stride and pad are given once, or once for each spatial axis, in pooling_nd_param.
    Source: yulequan's 3D-Caffe, src/caffe/layers/pooling_nd_layer.cpp.
    """

    def read(self, p: Params, axes: int) -> Params:
        """The fields of pooling_nd_param."""
        view = p.message("pooling_nd_param")
        self.method = view.choice("pool", ("MAX", "AVE"), "MAX")
        self.whole = view.flag("global_pooling", False)
        view.choice("engine", ("DEFAULT", "CAFFE", "CUDNN"), "DEFAULT")
        once = (1,) * axes
        self.geometry = (
            Geometry((0,) * axes, once, (0,) * axes, once) if self.whole else read_geometry(view, axes, dilated=False)
        )
        return view
