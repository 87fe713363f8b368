"""LSTM, RNN and LSTMUnit: exposed states, resets, sizes; their sums stand in the goldens."""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError

_STEPS, _ITEMS, _SIZE = 5, 2, 4


def _exposed(build, kind: str, steps: int, states: int):
    names = [f"s{i}" for i in range(states)]
    bottoms = " ".join(f'bottom: "{name}"' for name in ("x", "cont", *names))
    tops = " ".join(f'top: "{name}"' for name in ("y", *(f"end_{name}" for name in names)))
    filler = 'weight_filler { type: "uniform" min: -1 max: 1 } bias_filler { type: "uniform" min: -1 max: 1 }'
    body = f'type: "{kind}" {bottoms} {tops} recurrent_param {{ num_output: {_SIZE} expose_hidden: true {filler} }}'
    inputs = {"x": (steps, _ITEMS, 3), "cont": (steps, _ITEMS)} | dict.fromkeys(names, (1, _ITEMS, _SIZE))
    return build(body, inputs, seed=1).double()


@pytest.mark.parametrize(("kind", "states"), [("RNN", 1), ("LSTM", 2)])
def test_two_halves_joined_by_their_states_are_the_whole(build, kind, states):
    net = _exposed(build, kind, _STEPS, states)
    x = torch.linspace(-1, 1, _STEPS * _ITEMS * 3, dtype=torch.float64).reshape(_STEPS, _ITEMS, 3)
    cont = torch.tensor([[1.0, 0], [1, 1], [0, 1], [1, 1], [1, 0]], dtype=torch.float64)
    start = {f"s{i}": torch.full((1, _ITEMS, _SIZE), 0.3 + i, dtype=torch.float64) for i in range(states)}
    whole = net.blobs(x=x, cont=cont, **start)
    first = net.blobs(x=x[:2], cont=cont[:2], **start)
    second = net.blobs(x=x[2:], cont=cont[2:], **{name: first[f"end_{name}"] for name in start})
    assert torch.equal(torch.cat([first["y"], second["y"]]), whole["y"])
    assert all(torch.equal(second[f"end_{name}"], whole[f"end_{name}"]) for name in start)


def test_the_first_exposed_state_of_an_lstm_is_its_output(build):
    net = _exposed(build, "LSTM", _STEPS, 2)
    blobs = net.blobs(**{name: torch.ones(shape).double() for name, shape in net.inputs.items()})
    assert torch.equal(blobs["end_s0"], blobs["y"][-1:])
    assert not torch.equal(blobs["end_s1"], blobs["end_s0"])


@pytest.mark.parametrize(("kind", "states"), [("RNN", 1), ("LSTM", 2)])
def test_where_cont_is_zero_the_past_is_forgotten(build, kind, states):
    net = _exposed(build, kind, 1, states)
    x, cont = torch.ones(1, _ITEMS, 3).double(), torch.zeros(1, _ITEMS).double()
    outputs = [
        net.blobs(x=x, cont=cont, **{f"s{i}": torch.full((1, _ITEMS, _SIZE), value).double() for i in range(states)})[
            "y"
        ]
        for value in (0.0, 9.0)
    ]
    assert torch.equal(*outputs)


def test_an_lstm_unit_reads_its_gates_in_caffes_order(build):
    inputs = {"c": (1, 1, 1), "gates": (1, 1, 4), "cont": (1, 1)}
    bottoms = " ".join(f'bottom: "{name}"' for name in inputs)
    net = build(f'type: "LSTMUnit" {bottoms} top: "next" top: "h"', inputs)
    gates = torch.tensor([[[0.5, -1.0, 2.0, 0.25]]])
    blobs = net.blobs(c=torch.tensor([[[3.0]]]), gates=gates, cont=torch.ones(1, 1))
    i, f, o = (1 / (1 + np.exp(-value)) for value in (0.5, -1.0, 2.0))
    state = f * 3 + i * np.tanh(0.25)
    assert blobs["next"].item() == pytest.approx(state, rel=1e-6)
    assert blobs["h"].item() == pytest.approx(o * np.tanh(state), rel=1e-6)


def test_more_steps_than_the_file_states_are_walked(build):
    body = 'type: "RNN" bottom: "x" bottom: "cont" top: "y" recurrent_param { num_output: 2 }'
    net = build(body, {"x": (3, 2, 3), "cont": (3, 2)})
    assert net.blobs(x=torch.ones(7, 4, 3), cont=torch.ones(7, 4))["y"].shape == (7, 4, 2)


def test_sequence_markers_of_another_shape_are_refused(build):
    body = 'type: "LSTM" bottom: "x" bottom: "cont" top: "y" recurrent_param { num_output: 2 }'
    with pytest.raises(ShapeError, match=r"expected \(t, n, \.\.\.\) and \(t, n\)"):
        build(body, {"x": (3, 2, 3), "cont": (2, 3)})
