"""Caffe's recurrent layers: a walk through time whose state a second input can forget."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

States = tuple[Tensor, ...]


class Recurrent(nn.Module):
    """A walk through time (src/caffe/layers/recurrent_layer.cpp).

    Inputs: x (t, n, ...), cont (t, n) that forgets the state where it is 0, then, with `static_size`, a static input
    (n, ...) for every step, then with `exposed` the states to start from, (1, n, h) each. Output (t, n, h), then with
    `exposed` the states at the end. Without it every call starts from zeros, as Caffe's first one does; Caffe's later
    ones go on from the last state where cont begins with 1.

    Parameters in Caffe's order: weight (gates * h, d), bias (gates * h,), blob2: the static weight (gates * h, d') if
    there is a static input, the next one the state weight (gates * h, h), then a type's own.
    """

    gates = 1
    states = 1

    def __init__(
        self, input_size: int, hidden_size: int, static_size: int | None = None, exposed: bool = False
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.static_size = input_size, hidden_size, static_size
        self.static, self.exposed = static_size is not None, exposed
        rows = self.gates * hidden_size
        self.weight = nn.Parameter(torch.zeros(rows, input_size))
        self.bias = nn.Parameter(torch.zeros(rows))
        shapes = [] if static_size is None else [(rows, static_size)]
        for number, shape in enumerate([*shapes, (rows, hidden_size), *self.own_shapes()], 2):
            self.register_parameter(f"blob{number}", nn.Parameter(torch.zeros(shape)))

    def own_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the parameters beyond the common ones."""
        return []

    def forward(self, x: Tensor, cont: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The outputs, and the last states where they are exposed."""
        cont = cont.detach()[..., None]
        driven = F.linear(x.flatten(2) if x.ndim > 2 else x[..., None], self.weight, self.bias)
        if self.static:
            driven = driven + F.linear(others[0].flatten(1), self._own_parameter("blob2"))
            others = others[1:]
        state_weight, *own = (
            self._own_parameter(f"blob{2 + self.static + i}") for i in range(1 + len(self.own_shapes()))
        )
        zeros = x.new_zeros(1, x.shape[1], self.hidden_size)
        states: States = others if self.exposed else (zeros,) * self.states
        outputs = []
        for t in range(x.shape[0]):
            gates = driven[t : t + 1] + F.linear(states[0] * cont[t : t + 1], state_weight)
            output, states = self.step(gates, states, cont[t : t + 1], own)
            outputs.append(output)
        return (torch.cat(outputs), *states) if self.exposed else torch.cat(outputs)

    def _own_parameter(self, name: str) -> Tensor:
        value = getattr(self, name)
        assert isinstance(value, Tensor)
        return value

    def step(self, gates: Tensor, states: States, cont: Tensor, own: list[Tensor]) -> tuple[Tensor, States]:
        """One step: gates (1, n, gates * h), states (1, n, h) each, cont (1, n, 1) -> output and next states."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.input_size}, {self.hidden_size}, static={self.static}, exposed={self.exposed}"


class CaffeRNN(Recurrent):
    """h[t] = tanh(W_hh cont[t] h[t-1] + W_xh x[t] + b_h (+ W_xh_static s)), o[t] = tanh(W_ho h[t] + b_o).

    Two parameters more than `Recurrent`: W_ho (h, h) and b_o (h,). Source: src/caffe/layers/rnn_layer.cpp.

        >>> CaffeRNN(3, 4)(torch.zeros(5, 2, 3), torch.ones(5, 2)).shape
        torch.Size([5, 2, 4])
    """

    def own_shapes(self) -> list[tuple[int, ...]]:
        """W_ho and b_o."""
        return [(self.hidden_size, self.hidden_size), (self.hidden_size,)]

    def step(self, gates: Tensor, states: States, cont: Tensor, own: list[Tensor]) -> tuple[Tensor, States]:  # noqa: ARG002
        """The output (n, hidden), and the hidden state (n, hidden)."""
        hidden = torch.tanh(gates)
        return torch.tanh(F.linear(hidden, own[0], own[1])), (hidden,)


class CaffeLSTM(Recurrent):
    """Gates i, f, o, g = W_xc x[t] + b_c + W_hc cont[t] h[t-1] (+ W_xc_static s); output and next h: o tanh(c).

    c[t] = cont[t] sigmoid(f) c[t-1] + sigmoid(i) tanh(g). nn.LSTM has its gates in another order, two biases, and
    nothing that forgets. The states are h and c in this order.
    Source: src/caffe/layers/lstm_layer.cpp; Donahue et al. 2015, section 2.

        >>> CaffeLSTM(3, 4)(torch.zeros(5, 2, 3), torch.ones(5, 2)).shape
        torch.Size([5, 2, 4])
    """

    gates = 4
    states = 2

    def step(self, gates: Tensor, states: States, cont: Tensor, own: list[Tensor]) -> tuple[Tensor, States]:  # noqa: ARG002
        """The output (n, hidden), which is the next h, and both states (n, hidden)."""
        state, output = lstm_step(states[1], gates, cont)
        return output, (output, state)


class LSTMUnit(nn.Module):
    """One LSTM step: state (1, n, h), gates (1, n, 4h) in the order i, f, o, g, cont (1, n) -> next state, output.

    Source: src/caffe/layers/lstm_unit_layer.cpp.
    """

    def forward(self, state: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
        """The next state and the output, (1, n, h) each."""
        return lstm_step(state, gates, cont.detach()[..., None])


def lstm_step(state: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
    """The next state and the output, (1, n, h) each; the state is forgotten where cont (1, n, 1) is 0."""
    i, f, o, g = gates.chunk(4, -1)
    following = cont * torch.sigmoid(f) * state + torch.sigmoid(i) * torch.tanh(g)
    return following, torch.sigmoid(o) * torch.tanh(following)
