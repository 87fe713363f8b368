"""InnerProduct: a full matrix product over the axes from `axis` on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("InnerProduct", "INNER_PRODUCT")
class InnerProduct(Operator):
    """y = x W^T + b, x flattened to (leading..., K), weight: (N, K) or, with `transpose`, (K, N), y: (leading..., N).

    With `normalize` (NormFace's and AM-Softmax's fork) W's rows are scaled to length 1, in training the stored ones.
    Source: src/caffe/layers/inner_product_layer.cpp; happynear/caffe-windows, the same file.
    """

    legacy_axes = (2, 1)
    knows_normalize: ClassVar[bool] = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sizes and list weight and bias."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("inner_product_param")
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0]))
        self.outputs = view.integer("num_output")
        self.transpose = view.flag("transpose", False)
        self.normalize = self.knows_normalize and view.flag("normalize", False)
        if self.normalize and self.transpose:
            raise view.error("normalize", "is true beside transpose", "the fork scales rows of the other form alone")
        if self.outputs < 1:
            raise view.error("num_output", f"is {self.outputs}", "expected at least 1")
        self.inputs = element_count(bottoms[0][self.axis :])
        self.flatten_axis = self.axis if len(bottoms[0]) != self.axis + 1 else None
        weight, bias = view.message("weight_filler"), view.message("bias_filler")
        self.add_blob((self.inputs, self.outputs) if self.transpose else (self.outputs, self.inputs), weight)
        if view.flag("bias_term"):
            self.add_blob((self.outputs,), bias)
        else:
            bias.take_rest()

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(leading..., num_output)."""
        return [(*bottoms[0][: self.axis], self.outputs)]

    def module(self) -> nn.Module:
        """nn.Linear; `transpose` keeps the file's layout, `normalize` rows of length 1."""
        from torch import nn

        from converter.modules.linear import TransposedLinear, UnitLinear

        bias = len(self.blobs) > 1
        if self.transpose:
            return TransposedLinear(self.inputs, self.outputs, bias)
        if self.normalize:
            return UnitLinear(self.inputs, self.outputs, bias)
        return nn.Linear(self.inputs, self.outputs, bias)

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight and leading position."""
        return element_count(bottoms[0][: self.axis]) * element_count(self.blobs[0].shape)
