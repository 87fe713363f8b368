"""Convolution: cross-correlation over any number of spatial axes, grouped, strided, padded, dilated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from converter.errors import ShapeError
from converter.layers.kit.windows import Geometry, canonical_axis, element_count, read_geometry
from converter.layers.layer import Operator, Shapes, Window, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


class BaseConvolution(Operator):
    """What Convolution and Deconvolution share: parameters, blobs, and the folding of leading axes into one batch axis.

    Source: src/caffe/layers/base_conv_layer.cpp. Axes before `axis` (the channels) are batch, axes after it spatial.
    """

    transposed = False
    message = "convolution_param"
    legacy_axes = (4, 1)

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window and list weight and bias."""
        self.expect_bottoms(bottoms, 1, max(self.tops, 1))
        self.per_bottom = self.tops > 1
        view = p.message(self.message)
        self.axis = self.read_axis(view, len(bottoms[0]))
        self.channels = bottoms[0][self.axis]
        self.outputs = self.read_outputs(view)
        self.group = self.read_group(view)
        self.geometry = self.read_window(view, len(bottoms[0]) - self.axis - 1)
        self.overhangs = not self.transposed and self.geometry.overhangs(bottoms[0][self.axis + 1 :])
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
        if view.flag("bias_term", True):
            self.add_blob((self.outputs,), bias)
        else:
            bias.take_rest()

    def read_window(self, view: Params, axes: int) -> Geometry:
        """The sliding window; NdConvolution spells it in its own way."""
        return read_geometry(view, axes)

    def read_axis(self, view: Params, rank: int) -> int:
        """Where the channels stand; Convolution3D knows one place."""
        return canonical_axis(view.integer("axis"), rank)

    def read_outputs(self, view: Params) -> int:
        """The number of output channels; ConvolutionDepthwise has a rule of its own."""
        return view.integer("num_output")

    def read_group(self, view: Params) -> int:
        """The number of groups; depth-wise types of forks have a rule of their own."""
        return view.integer("group")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(batch..., outputs, spatial...) for each bottom."""
        sizes = self.geometry.deconvolution_sizes if self.transposed else self.geometry.convolution_sizes
        return [(*shape[: self.axis], self.outputs, *sizes(shape[self.axis + 1 :])) for shape in bottoms]

    def convolution_class(self, name: str) -> Callable[..., nn.Module]:
        """Torch's class for as many spatial axes, or the one that folds batch axes where channels are not on axis 1."""
        from torch import nn

        from converter.modules import convolution

        axes = len(self.geometry.kernel)
        if self.overhangs:
            return partial(getattr(convolution, f"{name}{axes}dPastEnd"), axis=self.axis)
        if self.axis == 1:
            return cast("Callable[..., nn.Module]", getattr(nn, f"{name}{axes}d"))
        return partial(getattr(convolution, f"{name}{axes}dOnAxis"), axis=self.axis)

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight at each position of the output (of the input, when transposed)."""
        shapes = bottoms if self.transposed else tops
        weights = element_count(self.blobs[0].shape)
        return sum(element_count(s[: self.axis]) * weights * element_count(s[self.axis + 1 :]) for s in shapes)


@layer("Convolution", "CONVOLUTION")
class Convolution(BaseConvolution):
    """y[o] = b[o] + sum of w[o, i, k] x[i, position * stride - pad + k * dilation], not flipped.

    x: (n, c_in, h, w) float32, weight: (c_out, c_in / group, kh, kw), bias: (c_out,), y: (n, c_out, h', w') with
    h' = (h + 2 pad - (dilation (kh - 1) + 1)) // stride + 1. A window that lacks less than a stride has one place, as
    in Caffe, and reads zeros past the end. Source: src/caffe/layers/conv_layer.cpp.
    """

    def module(self) -> nn.Module:
        """nn.Conv1d, nn.Conv2d or nn.Conv3d."""
        g, bias = self.geometry, len(self.blobs) > 1
        make = self.convolution_class("Conv")
        return make(self.channels, self.outputs, g.kernel, g.stride, g.pad, g.dilation, self.group, bias)

    def window(self) -> Window | None:
        """The dilated kernel."""
        return self.geometry.window
