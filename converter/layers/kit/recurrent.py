"""What Caffe's RNN and LSTM share: bottoms, blobs, and the walk through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F, torch
from converter.layers.kit.windows import count_of
from converter.layers.layer import Call, Operator, Shapes
from converter.net.net import Shape
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


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
        self.add_blob((rows, count_of(bottoms[0][2:])), weight)
        self.add_blob((rows,), bias)
        if self.static:
            self.add_blob((rows, count_of(bottoms[2][1:])), weight)
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

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(t, n, h), then the states."""
        x = bottoms[0]
        return [(x[0], x[1], self.size), *[self._state(x)] * self.exposed]

    def forward(self, call: Call) -> list[Tensor]:
        """Outputs, and the last states if they are exposed."""
        x = call.bottoms[0]
        cont = call.bottoms[1].detach()[..., None]
        driven = F.linear(x.flatten(2) if x.ndim > 2 else x[..., None], call.blobs[0], call.blobs[1])
        if self.static:
            driven = driven + F.linear(call.bottoms[2].flatten(1), call.blobs[2])
        state_weight, *own = call.blobs[2 + self.static :]
        given = call.bottoms[len(call.bottoms) - self.exposed :]
        states = tuple(given) if self.exposed else (x.new_zeros(self._state(tuple(x.shape))),) * self.states
        outputs = []
        for t in range(x.shape[0]):
            gates = driven[t : t + 1] + F.linear(states[0] * cont[t : t + 1], state_weight)
            output, states = self.step(gates, states, cont[t : t + 1], own)
            outputs.append(output)
        return [torch.cat(outputs), *states[: self.exposed]]

    def step(
        self, gates: Tensor, states: tuple[Tensor, ...], cont: Tensor, own: list[Tensor]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One step: gates (1, n, gates * h), states (1, n, h) each, cont (1, n, 1) -> output and next states."""
        raise NotImplementedError(self.type)

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight, step and item; a static input's weight is used once."""
        del bottoms
        t, n = tops[0][:2]
        matrices = [count_of(blob.shape) for blob in self.blobs if len(blob.shape) == 2]
        static = matrices.pop(1) if self.static else 0
        return t * n * sum(matrices) + n * static


def lstm_step(state: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
    """The next state and the output, (1, n, h) each (src/caffe/layers/lstm_unit_layer.cpp).

    Gates stand in the order i, f, o, g (torch has i, f, g, o); the state is forgotten where cont (1, n, 1) is 0.
    """
    i, f, o, g = gates.chunk(4, -1)
    following = cont * torch.sigmoid(f) * state + torch.sigmoid(i) * torch.tanh(g)
    return following, torch.sigmoid(o) * torch.tanh(following)
