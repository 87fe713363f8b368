"""What Caffe's RNN and LSTM share: bottoms, blobs, and the walk through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter.errors import ShapeError
from converter.layers.kit.examples import continuations
from converter.layers.kit.windows import element_count
from converter.layers.layer import Array, Operator, Shapes

if TYPE_CHECKING:
    import numpy as np

    from converter.net.net import Shape
    from converter.net.params import Params


class Recurrent(Operator):
    """A layer that walks through time (src/caffe/layers/recurrent_layer.cpp).

    Bottoms: x (t, n, ...), cont (t, n) that forgets the state where it is 0, then, if given, a static input (n, ...)
    for every step, then with `expose_hidden` the states to start from, (1, n, h) each. Tops: outputs (t, n, h), then
    with `expose_hidden` the states at the end. Without it every call starts from zeros, as Caffe's first one does;
    Caffe's later ones go on from the last state where cont begins with 1.

    Blobs: input weight (gates * h, d), bias (gates * h,), static weight (gates * h, d') if there is a static input,
    state weight (gates * h, h), then a type's own.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the size, compare the bottoms, list the blobs."""
        view = p.message("recurrent_param")
        self.size = view.integer("num_output")
        if self.size < 1:
            raise view.error("num_output", f"is {self.size}", "expected at least 1")
        self.exposed = self.states if view.flag("expose_hidden") else 0
        self.expect_bottoms(bottoms, 2 + self.exposed, 3 + self.exposed)
        self.static = len(bottoms) > 2 + self.exposed
        self._compare(bottoms)
        weight, bias = view.message("weight_filler"), view.message("bias_filler")
        rows = self.gates * self.size
        self.add_blob((rows, element_count(bottoms[0][2:])), weight)
        self.add_blob((rows,), bias)
        if self.static:
            self.add_blob((rows, element_count(bottoms[2][1:])), weight)
        self.add_blob((rows, self.size), weight)
        self.add_own_blobs(weight, bias)

    def add_own_blobs(self, weight: Params, bias: Params) -> None:
        """List what the type has beyond the common blobs."""

    def _compare(self, bottoms: Shapes) -> None:
        x, cont = bottoms[:2]
        if len(x) < 2 or cont != x[:2]:
            raise ShapeError(f"bottoms of shapes {x} and {cont}; expected (t, n, ...) and (t, n)")
        if self.static and bottoms[2][:1] != x[1:2]:
            raise ShapeError(f"static input of shape {bottoms[2]}; expected ({x[1]}, ...)")
        for state in bottoms[len(bottoms) - self.exposed :]:
            if state != self._state(x):
                raise ShapeError(f"state of shape {state}; expected {self._state(x)}")

    def _state(self, x: Shape) -> Shape:
        return (1, x[1], self.size)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Where sequences begin."""
        return continuations(random, bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(t, n, h), then the states."""
        x = bottoms[0]
        return [(x[0], x[1], self.size), *[self._state(x)] * self.exposed]

    def sizes(self) -> tuple[int, int, int | None, bool]:
        """What the modules are built from: input size, hidden size, static size (None without one), exposed."""
        static = self.blobs[2].shape[1] if self.static else None
        return self.blobs[0].shape[1], self.size, static, self.exposed > 0

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight, step and item; a static input's weight is used once."""
        del bottoms
        t, n = tops[0][:2]
        matrices = [element_count(blob.shape) for blob in self.blobs if len(blob.shape) == 2]
        static = matrices.pop(1) if self.static else 0
        return t * n * sum(matrices) + n * static
