"""Where gradients go: `propagate_down`, `lr_mult: 0` and shared parameters as in src/caffe/net.cpp, worked by hand."""

import copy
import io

import numpy as np
import pytest
import torch

import converter
import converter.fast
import converter.pycaffe as caffe
from converter.errors import GraphError
from converter.solver.solver import Solver
from reference import OracleError, read_net
from tests.export.targets import run_onnx, run_pt2, run_source

NUMBER = "inner_product_param { num_output: 1 bias_term: false weight_filler { type: 'constant' value: %g } }"
INPUT = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 } } }\n'


def product(name, bottom, weight, more=""):
    head = f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}"'
    return f"{head} {NUMBER % weight} {more} }}\n"


BRANCHES = (
    INPUT
    + product("a", "x", 2)
    + product("b", "a", 3, "loss_weight: 1")
    + product("c", "a", 5, "loss_weight: 1 propagate_down: false")
)
"""x = 7: a = 14, b = 42, c = 70, loss 112. By b alone da = 3, so that a's weight has 3 · 7 = 21; with c it were 56."""


def loaded(folder, text, **options):
    (folder / "net.prototxt").write_text(text)
    return converter.load(folder / "net.prototxt", **options)


def gradients(net):
    """The loss at x = 7, and the gradient of each layer's weight."""
    loss = net.loss(net.blobs(x=torch.tensor([[7.0]])))
    torch.autograd.backward(loss)
    grads = {name: value.grad for name, value in net.named_parameters()}
    return loss.item(), {name[0]: grad if grad is None else grad.item() for name, grad in grads.items()}


@pytest.mark.parametrize("phase", ["train", "test"])
@pytest.mark.parametrize(
    ("text", "below"),
    [
        (BRANCHES, 21.0),
        (BRANCHES.replace("down: false", "down: true"), 56.0),
        ("force_backward: true\n" + BRANCHES, 56.0),  # net.cpp: bottom_need_backward is forced, whatever it was
    ],
)
def test_a_gradient_stops_where_propagate_down_is_false(tmp_path, phase, text, below):
    net = loaded(tmp_path, text, phase=phase)
    assert gradients(net) == (112.0, {"a": below, "b": 14.0, "c": 14.0})

    script = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TRAIN if phase == "train" else caffe.TEST)
    script.forward(x=np.array([[7]], np.float32))
    script.backward()
    assert {name: blobs[0].diff.item() for name, blobs in script.params.items()} == {"a": below, "b": 14.0, "c": 14.0}


def test_a_blob_that_only_stopped_layers_read_gives_its_layer_nothing(tmp_path):
    text = BRANCHES.replace("loss_weight: 1 }", "loss_weight: 1 propagate_down: false }", 1)
    assert gradients(loaded(tmp_path, text)) == (112.0, {"a": None, "b": 14.0, "c": 14.0})


def test_the_graph_shows_the_stop_and_what_is_made_of_it_computes_the_same(tmp_path):
    net = loaded(tmp_path, BRANCHES)
    assert "self.c(detach)" in net.code
    x = torch.tensor([[7.0]])
    pickled = io.BytesIO()
    torch.save(net, pickled)
    pickled.seek(0)
    for other in (copy.deepcopy(net), torch.load(pickled, weights_only=False)):
        assert gradients(other)[1]["a"] == 21.0
    for other in (converter.features(net, ["c"]), converter.fast.accelerate(net)):
        assert other(x=x)["c"].item() == 70.0


@pytest.mark.parametrize("ending", ["py", pytest.param("onnx", marks=pytest.mark.onnx), "pt2"])
def test_a_written_net_computes_the_same(tmp_path, ending):
    """A plane of ones: a = 4 · 2 = 8, b = 24, c = 40."""
    loaded(tmp_path, BRANCHES.replace("dim: 1 dim: 1", "dim: 1 dim: 1 dim: 2 dim: 2"))
    weights = {"a.weight": np.full((1, 4), 2), "b.weight": np.full((1, 1), 3), "c.weight": np.full((1, 1), 5)}
    np.savez(tmp_path / "w.npz", **{name: value.astype(np.float32) for name, value in weights.items()})
    converter.convert(tmp_path / "w.npz", tmp_path / f"net.{ending}", tmp_path / "net.prototxt")
    run = {"py": run_source, "onnx": run_onnx, "pt2": run_pt2}[ending]
    found = run(tmp_path / f"net.{ending}", {"x": np.ones((1, 1, 2, 2), np.float32)}, ["b", "c"])
    assert {name: value.item() for name, value in found.items()} == {"b": 24.0, "c": 40.0}


def test_as_many_flags_as_bottoms_or_none(tmp_path):
    text = BRANCHES.replace("propagate_down: false", "propagate_down: false propagate_down: true")
    with pytest.raises(GraphError, match=r"'c' \(InnerProduct\): 2 propagate_down for 1 bottoms"):
        loaded(tmp_path, text)
    with pytest.raises(OracleError, match=r"'c'.*2 propagate_down"):
        read_net(tmp_path / "net.prototxt")


CHAIN = INPUT + product("a", "x", 2, "%s") + product("b", "a", 3, "loss_weight: 1 %s")
"""x = 7: b = 42; da = 3, so that a's weight has 3 · 7 = 21, b's a = 14."""


@pytest.mark.parametrize("phase", ["train", "test"])
def test_a_parameter_of_rate_0_asks_for_no_gradient_unless_told(tmp_path, phase):
    text = CHAIN % ("param { lr_mult: 0 }", "param { lr_mult: 2 }")
    net = loaded(tmp_path, text, phase=phase)
    assert not net.a.weight.requires_grad
    assert gradients(net)[1] == {"a": None, "b": 14.0}
    assert copy.deepcopy(net).a.weight.requires_grad is False

    every = loaded(tmp_path, text, phase=phase, trainable="all")
    assert gradients(every)[1] == {"a": 21.0, "b": 14.0}
    assert [group["lr"] for group in converter.parameter_groups(every, lr=1)] == [2.0]


def test_blobs_lr_of_old_nets_counts_as_lr_mult(tmp_path):
    ip = "type: INNER_PRODUCT inner_product_param { num_output: 1 }"
    net = loaded(
        tmp_path,
        'input: "x" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1\n'
        f'layers {{ name: "a" bottom: "x" top: "a" {ip} blobs_lr: 0 blobs_lr: 2 }}\n'
        f'layers {{ name: "b" bottom: "a" top: "b" {ip} }}',
    )
    trained = {name: value.requires_grad for name, value in net.named_parameters()}
    assert trained == {"a.weight": False, "a.bias": True, "b.weight": True, "b.bias": True}


SHARED = [
    ('param { name: "w" lr_mult: 0 }', 'param { name: "w" }', 14.0),  # the sharer's own rate is 1: b adds a = 14
    ('param { name: "w" }', 'param { name: "w" lr_mult: 0 }', 14.0),  # a's own rate is 1: with w = 2, 2 · 7 = 14
]


@pytest.mark.parametrize(("owner", "sharer", "diff"), SHARED)
def test_a_shared_parameter_stays_where_one_of_its_layers_says_0(tmp_path, owner, sharer, diff):
    """Rate 0 holds for the one blob, but pycaffe's diff has the part of each layer whose own rate is not 0."""
    net = loaded(tmp_path, CHAIN % (owner, sharer))
    assert net.a.weight is net.b.weight
    assert not net.a.weight.requires_grad
    assert converter.parameter_groups(loaded(tmp_path, CHAIN % (owner, sharer), trainable="all"), lr=1) == []

    script = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TRAIN)
    script.forward(x=np.array([[7]], np.float32))
    script.backward()
    assert script.params["a"][0].diff.item() == diff

    (tmp_path / "solver.prototxt").write_text('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed"')
    solver = Solver.from_prototxt(tmp_path / "solver.prototxt")
    assert [(blob.layer, blob.lr_mult) for blob in solver.blobs] == [("a", 0.0)]


def test_layers_that_share_a_parameter_state_one_rate(tmp_path):
    text = CHAIN % ('param { name: "w" lr_mult: 1 }', 'param { name: "w" lr_mult: 0 }')
    with pytest.raises(GraphError, match=r"'b' .*'w': lr_mult 0; layer 'a', which shares it, says 1"):
        loaded(tmp_path, text)
    with pytest.raises(OracleError, match="'w' with a layer of another lr_mult"):
        read_net(tmp_path / "net.prototxt")


def test_a_head_filled_anew_is_trained_though_the_file_says_rate_0(tmp_path):
    text = CHAIN % ("param { lr_mult: 0 }", "param { lr_mult: 0 decay_mult: 3 }")
    net = loaded(tmp_path, text, classes={"b": 2})
    assert (net.a.weight.requires_grad, net.b.weight.requires_grad) == (False, True)
    groups = converter.parameter_groups(net, lr=0.1, weight_decay=0.01)
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(0.1, 0.03)]
    assert groups[0]["params"][0] is net.b.weight
