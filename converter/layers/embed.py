"""Embed: rows of a table, looked up by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.examples import whole_numbers
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("Embed")
class Embed(Operator):
    """y = weight[x] + bias, x: any shape of whole numbers, weight: (input_dim, num_output), y: (*x, num_output).

    Source: src/caffe/layers/embed_layer.cpp.
    """

    legacy_axes = (2, 1)

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sizes and list weight and bias."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("embed_param")
        self.rows, self.outputs = view.integer("input_dim"), view.integer("num_output")
        for name, size in (("input_dim", self.rows), ("num_output", self.outputs)):
            if size < 1:
                raise view.error(name, f"is {size}", "expected at least 1")
        weight, bias = view.message("weight_filler"), view.message("bias_filler")
        self.add_blob((self.rows, self.outputs), weight)
        if view.flag("bias_term"):
            self.add_blob((self.outputs,), bias)
        else:
            bias.take_rest()

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Rows of the table."""
        return whole_numbers(random, self.rows, bottoms[0]) if place == 0 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape with num_output behind it."""
        return [(*bottoms[0], self.outputs)]

    def module(self) -> nn.Module:
        """nn.Embedding of whole numbers in floating form, with a bias."""
        from converter.modules import embedding

        return embedding.CaffeEmbedding(self.rows, self.outputs, bias=len(self.blobs) > 1)
