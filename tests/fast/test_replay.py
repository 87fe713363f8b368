"""What happens when shapes come again: compiled, captured, or refused and run as before."""

import shutil

import pytest
import torch

from converter.fast import accelerate
from converter.fast.replay import GraphReplay
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image


def counted():
    calls = []

    def function(inputs):
        calls.append(tuple(inputs["x"].shape))
        return {"y": inputs["x"] + 1}

    return function, calls


def test_without_graphs_and_compiler_the_function_itself_runs():
    function, calls = counted()
    again = GraphReplay(function)
    for _ in range(3):
        assert torch.equal(again({"x": torch.zeros(2)})["y"], torch.ones(2))
    assert len(calls) == 3


def test_a_shapes_second_time_is_captured_and_the_oldest_is_forgotten():
    function, calls = counted()
    made = []

    def captured(function, inputs):
        made.append(tuple(inputs["x"].shape))
        return lambda values: {"y": values["x"] + 1}

    again = GraphReplay(function, captured)
    for size in (1, 1, 1, 2, 2, 3, 4, 5, 1, 1):
        again({"x": torch.zeros(size)})
    assert made == [(1,), (2,), (1,)]
    assert calls == [(1,), (2,), (3,), (4,), (5,), (1,)]


def test_what_is_unfit_after_its_first_run_is_never_captured():
    function, calls = counted()
    reasons = {3: "too large"}
    again = GraphReplay(function, lambda *_: pytest.fail("captured"), unfit=lambda: reasons.get(calls[-1][0], ""))
    for _ in range(3):
        again({"x": torch.zeros(3)})
    again({"x": torch.zeros(2)})
    assert calls == [(3,), (3,), (3,), (2,)]  # each run once
    assert list(again.refused.values()) == ["too large"]


def test_reasons_are_forgotten_with_their_shapes():
    function, _ = counted()
    again = GraphReplay(function, lambda function, _inputs: function, unfit=lambda: "too large")
    for size in range(1, 30):
        again({"x": torch.zeros(size)})
    assert [shapes[1][0][0] for shapes in again.refused] == [26, 27, 28, 29]


def test_asking_for_what_stands_ready_counts_as_a_use():
    function, _ = counted()
    again = GraphReplay(function, lambda function, _inputs: function)
    shapes = [(("x",), (torch.Size([size]),)) for size in range(1, 7)]
    for size in (1, 1, 2, 3, 4):
        again({"x": torch.zeros(size)})
    assert again.ready(shapes[0]) is function
    assert again.ready(shapes[1]) is None  # seen once
    assert again.ready(shapes[5]) is None
    again({"x": torch.zeros(5)})
    assert again.ready(shapes[0]) is function  # the second was forgotten for the fifth


def test_what_cannot_be_captured_runs_on_and_says_why():
    function, calls = counted()

    def captured(function, inputs):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    again = GraphReplay(function, captured)
    for _ in range(4):
        again({"x": torch.zeros(3)})
    assert len(calls) == 4
    assert list(again.refused.values()) == ["operation not permitted when stream is capturing"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch's compiler wants a C++ compiler")
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_net_gives_the_same_answers():
    net = formula_net("dilation8_camvid")
    x = torch.from_numpy(formula_image(436, 420))[None]
    plain = accelerate(net)(x)
    fast = accelerate(net, compiled=True)
    for _ in range(2):
        assert (fast(x) - plain).abs().max() <= 1e-5 * plain.abs().max()


@pytest.mark.gpu
def test_a_captured_graph_answers_new_inputs_and_keeps_old_answers():
    net = accelerate(formula_net("dilation8_camvid"), device="cuda")
    one, other = (torch.from_numpy(formula_image(436, 420) * factor)[None] for factor in (1, 0.5))
    eager = net(one).clone()
    first = net(one)
    second = net(other)
    assert not net._whole.refused
    assert torch.allclose(first, eager, atol=1e-5)
    assert not torch.allclose(first, second, atol=1e-3)
    assert torch.allclose(net(one), first, atol=1e-6)
