"""Convolution: cross-correlation over any number of spatial axes, grouped, strided, padded, dilated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F
from converter.layers.kit.windows import Geometry, axis_of, count_of, read_geometry
from converter.layers.layer import Call, Operator, Shapes, Window, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


class BaseConvolution(Operator):
    """What Convolution and Deconvolution share: parameters, blobs, and the folding of leading axes into one batch axis.

    Source: src/caffe/layers/base_conv_layer.cpp. Axes before `axis` (the channels) are batch, axes after it spatial.
    """

    transposed = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window and list weight and bias."""
        self.expect_bottoms(bottoms, 1, max(self.tops, 1))
        view = p.message("convolution_param")
        self.axis = axis_of(view.integer("axis"), len(bottoms[0]))
        self.channels = bottoms[0][self.axis]
        self.outputs = view.integer("num_output")
        self.group = self.read_group(view)
        self.geometry = self.read_window(view, len(bottoms[0]) - self.axis - 1)
        if not 1 <= len(self.geometry.kernel) <= 3:
            raise ShapeError(f"{len(self.geometry.kernel)} spatial axes; expected 1, 2 or 3")
        if self.outputs < 1:
            raise view.error("num_output", f"is {self.outputs}", "expected at least 1")
        if self.group < 1 or self.channels % self.group or self.outputs % self.group:
            raise view.error(
                "group", f"is {self.group}", f"expected a divisor of {self.channels} inputs and {self.outputs} outputs"
            )
        if any(shape != bottoms[0] for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal shapes")
        first, second = (self.channels, self.outputs) if self.transposed else (self.outputs, self.channels)
        weight, bias = view.message("weight_filler"), view.message("bias_filler")
        self.add_blob((first, second // self.group, *self.geometry.kernel), weight)
        if view.flag("bias_term"):
            self.add_blob((self.outputs,), bias)
        else:
            bias.take_rest()

    def read_window(self, view: Params, axes: int) -> Geometry:
        """The sliding window; NdConvolution spells it in its own way."""
        return read_geometry(view, axes)

    def read_group(self, view: Params) -> int:
        """The number of groups; depth-wise types of forks have a rule of their own."""
        return view.integer("group")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(batch..., outputs, spatial...) for each bottom."""
        sizes = self.geometry.deconvolved if self.transposed else self.geometry.convolved
        return [(*shape[: self.axis], self.outputs, *sizes(shape[self.axis + 1 :])) for shape in bottoms]

    def forward(self, call: Call) -> list[Tensor]:
        """Each bottom with the same weights."""
        return [self._one(x, call.blobs) for x in call.bottoms]

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The arithmetic on x: (n, c_in, spatial...) with one batch axis."""
        raise NotImplementedError(self.type)

    def _one(self, x: Tensor, blobs: list[Tensor]) -> Tensor:
        leading = x.shape[: self.axis]
        folded = x if self.axis == 1 else x.reshape(-1, *x.shape[self.axis :])
        y = self.convolve(folded, blobs[0], blobs[1] if len(blobs) > 1 else None)
        return y if self.axis == 1 else y.reshape(*leading, *y.shape[1:])

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight at each position of the output (of the input, when transposed)."""
        shapes = bottoms if self.transposed else tops
        weights = count_of(self.blobs[0].shape)
        return sum(count_of(s[: self.axis]) * weights * count_of(s[self.axis + 1 :]) for s in shapes)


@layer("Convolution", "CONVOLUTION")
class Convolution(BaseConvolution):
    """y[o] = b[o] + sum of w[o, i, k] x[i, position * stride - pad + k * dilation], not flipped.

    x: (n, c_in, h, w) float32, weight: (c_out, c_in / group, kh, kw), bias: (c_out,), y: (n, c_out, h', w') with
    h' = (h + 2 pad - (dilation (kh - 1) + 1)) // stride + 1. Source: src/caffe/layers/conv_layer.cpp.
    """

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Torch's own convolution for 1, 2 or 3 spatial axes."""
        g = self.geometry
        convolve = (F.conv1d, F.conv2d, F.conv3d)[len(g.kernel) - 1]
        return convolve(x, weight, bias, g.stride, g.pad, g.dilation, self.group)

    def window(self) -> Window | None:
        """The dilated kernel."""
        return self.geometry.window
