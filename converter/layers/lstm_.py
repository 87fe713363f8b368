"""Lstm: long short-term memory without a mark for where sequences begin, older than Caffe's LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Lstm")
class Lstm(Operator):
    """Gates i, f, o, g = W_i x[t] + b (+ W_h h[t-1] after step 0); c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g).

    h[t] = sigmoid(o) tanh(c[t]). x: (t, n, d) to (t, n, h), h = num_output; of two axes (t * n, d) to (t * n, h) with
    n = batch_size. A second bottom of t numbers forgets h and c where it is 0; it is known for n = 1 alone, since the
    source reads it askew for others, and its gradient of W_h then counts forgotten states too. Every call starts from
    zeros. The gradients of the gates are held within `clipping_threshold` at each step, if it is set.
    Blobs: W_i (4 h, d), W_h (4 h, h), b (4 h,). Source: senlinuc/caffe_ocr, src/caffe/layers/lstm_layer_Junhyuk.cpp;
    junhyukoh/caffe-lstm, whose files it takes.
    """

    blob_names = ("weight", "hidden_weight", "bias")
    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the sizes, compare the bottoms, list the blobs."""
        self.expect_bottoms(bottoms, 1, 2)
        view, x = p.message("lstm_param"), bottoms[0]
        self.size, self.threshold = view.integer("num_output"), view.number("clipping_threshold", 0.0)
        batch = view.integer("batch_size", 1)
        if self.size < 1 or batch < 1:
            raise view.error("num_output", f"is {self.size}, batch_size {batch}", "expected at least 1")
        self.batch = batch if len(x) == 2 else 0
        if len(x) < 2 or element_count(x[3:]) != 1 or (self.batch and x[0] % self.batch):
            raise ShapeError(f"bottom of shape {x}; expected (t, n, d), or (t * {batch}, d)")
        items = self.batch or x[1]
        if len(bottoms) > 1 and (items != 1 or element_count(bottoms[1]) != x[0]):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; a second one needs one item and a number a step")
        self.add_blob((4 * self.size, x[-1] if self.batch else x[2]), view.message("weight_filler"))
        self.add_blob((4 * self.size, self.size), view.message("weight_filler"))
        self.add_blob((4 * self.size,), view.message("bias_filler"))

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(t, n, h) or (t * n, h)."""
        return [(*bottoms[0][: 1 if self.batch else 2], self.size)]

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight, step and item."""
        return element_count(tops[0][:-1]) * sum(element_count(blob.shape) for blob in self.blobs[:2])

    def module(self) -> nn.Module:
        """PlainLSTM."""
        from converter.modules import sequences

        return sequences.PlainLSTM(self.blobs[0].shape[1], self.size, self.batch, self.threshold)
