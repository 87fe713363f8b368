"""Stages and levels: `convert` chooses layers by them as `load`, `inspect`, `verify` and the oracle do."""

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.errors import GraphError, OutputError, WeightsError
from tests.export.targets import run_source

NET = """
input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false }
  exclude { stage: "wide" } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 bias_term: false }
  include { stage: "wide" min_level: 2 } }
"""
NARROW, WIDE = np.array([[2, 3]], np.float32), np.array([[1, 0], [0, 1], [1, 1]], np.float32)
STATE = {"stages": ("wide",), "level": 2}
FLAGS = ("--stage", "wide", "--level", "2")


@pytest.fixture
def files(tmp_path):
    """The net, its wide weights and its narrow ones."""
    (tmp_path / "net.prototxt").write_text(NET)
    np.savez(tmp_path / "wide.npz", **{"ip.weight": WIDE})
    np.savez(tmp_path / "narrow.npz", **{"ip.weight": NARROW})
    return tmp_path


def test_weights_are_held_against_the_layers_of_the_state(files):
    for weights, options, other in (("narrow", {}, STATE), ("wide", STATE, {})):
        out = files / f"{weights}.safetensors"
        converter.convert(files / f"{weights}.npz", out, files / "net.prototxt", **options)
        assert out.is_file()
        with pytest.raises(WeightsError, match="of another shape: ip"):
            converter.convert(files / f"{weights}.npz", out, files / "net.prototxt", **other)


@pytest.mark.parametrize("command", ["inspect", "verify", "convert"])
def test_the_commands_take_both(files, command, capsys):
    net, wide = str(files / "net.prototxt"), str(files / "wide.npz")
    words = [wide, str(files / "w.safetensors"), "--prototxt", net] if command == "convert" else [net, wide]

    assert main([command, *words, *FLAGS]) == 0
    capsys.readouterr()
    assert main([command, *words]) == 2
    if command != "convert":  # which lets weights of layers in another state pass
        assert main([command, *words, *FLAGS[:2]]) == 2


@pytest.mark.parametrize("out", ["net.py", "folder/"])
def test_a_whole_net_is_that_of_the_state(files, out):
    """x = (5, 7): y = (5, 7, 12)."""
    path = f"{files}/{out}"
    assert main(["convert", str(files / "wide.npz"), path, "--prototxt", str(files / "net.prototxt"), *FLAGS]) == 0
    x = np.array([[5, 7]], np.float32)
    if out == "net.py":
        found = run_source(files / out, {"x": x}, ["y"])["y"]
    else:
        found = converter.from_pretrained(path)(x=torch.from_numpy(x))["y"].detach().numpy()
    assert found.tolist() == [[5, 7, 12]]


def test_stages_without_a_net_are_refused(files):
    with pytest.raises(OutputError, match="stages and a level choose layers of a net"):
        converter.convert(files / "wide.npz", files / "w.pth", stages=("wide",))
    assert not (files / "w.pth").exists()


EMPTY = 'layer { name: "x" type: "Input" top: "x" include { stage: "s" } input_param { shape { dim: 1 } } }'


def test_a_net_that_keeps_no_layer_is_an_error_everywhere(files, capsys):
    net = files / "empty.prototxt"
    net.write_text(EMPTY)
    with pytest.raises(GraphError, match="keeps no layer in phase test, level 1, stages a, b; ask for another state"):
        converter.load(net, stages=("a", "b"), level=1)
    for words in (
        ["inspect", net],
        ["verify", net],
        ["convert", files / "wide.npz", files / "w.npz", "--prototxt", net],
    ):
        assert main([str(word) for word in words]) == 2
        assert "keeps no layer" in capsys.readouterr().err
    assert not (files / "w.npz").exists()


@pytest.mark.parametrize(
    "layer",
    [
        "",
        'layer { name: "s" type: "Silence" bottom: "x" }',
        'layer { name: "s" type: "ReLU" bottom: "x" top: "y" include { stage: "t" } }',
    ],
)
def test_a_verify_of_inputs_alone_is_an_error_not_a_pass(files, layer, capsys):
    (files / "n.prototxt").write_text('input: "x" input_shape { dim: 1 dim: 2 }\n' + layer)
    assert main(["verify", str(files / "n.prototxt")]) == 2
    found = capsys.readouterr()
    assert "computes no blob from its inputs; there is nothing to verify" in found.err
    assert "PASS" not in found.out


def test_a_layer_in_place_on_the_input_is_verified(files, capsys):
    (files / "n.prototxt").write_text(
        'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "p" type: "Power" bottom: "x" top: "x" }'
    )
    assert main(["verify", str(files / "n.prototxt")]) == 0
    assert "PASS: 1 blobs" in capsys.readouterr().out
