"""A net cut at a blob: only what the blob needs is built, in both programs; what lies behind may be unknown."""

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import GraphError, UnsupportedLayerError, WeightsError
from converter.export.convert import convert
from converter.net.reading import read_net
from tests.export.targets import run_onnx, run_pt2, run_source
from tests.goldens_reader import scaled_error

TEXT = """name: "cut"
input: "x" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "side" type: "Power" bottom: "c" top: "s" power_param { scale: 2 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "odd" type: "Odd" bottom: "c" top: "o" }
layer { name: "ip" type: "InnerProduct" bottom: "o" top: "ip" inner_product_param { num_output: 3 } }
"""


@pytest.fixture
def files(tmp_path):
    """The net, weights of all its layers by key and by position, and an input."""
    draws = np.random.default_rng(0)
    (tmp_path / "net.prototxt").write_text(TEXT)
    (tmp_path / "known.prototxt").write_text(TEXT.replace('"Odd"', '"Flatten"'))
    net = converter.load(tmp_path / "known.prototxt", seed=0)
    with torch.no_grad():
        for value in net.parameters():
            value.copy_(torch.from_numpy(draws.standard_normal(tuple(value.shape))))
    torch.save(net.state_dict(), tmp_path / "w.pth")
    for name in ("w.safetensors", "w.caffemodel"):
        converter.convert(tmp_path / "w.pth", tmp_path / name, tmp_path / "known.prototxt")
    return tmp_path, draws.standard_normal((1, 3, 9, 9)).astype(np.float32)


@pytest.mark.parametrize("weights", ["w.pth", "w.safetensors", "w.caffemodel"])
def test_the_oracle_and_the_module_agree_on_what_is_left(files, weights, capsys):
    folder, _ = files

    assert main(["verify", str(folder / "net.prototxt"), str(folder / weights), "--until", "c,s"]) == 0
    assert "PASS: 3 blobs" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["py", "pt2", pytest.param("onnx", marks=pytest.mark.onnx)])
def test_a_net_with_an_unknown_type_behind_the_blob_is_written(files, ending):
    """The convolution by torch, rectified."""
    folder, x = files
    out = folder / f"out.{ending}"
    report = convert(folder / "w.caffemodel", out, folder / "net.prototxt", until=["c"])
    found = {"py": run_source, "pt2": run_pt2, "onnx": run_onnx}[ending](out, {"x": x}, ["c"])["c"]
    state = torch.load(folder / "w.pth")
    wanted = torch.nn.functional.conv2d(torch.from_numpy(x), state["c.weight"], state["c.bias"]).relu().numpy()

    assert (report.layers, report.parameters) == (1, 112)
    assert scaled_error(found, wanted) <= 1e-5


def test_a_value_before_a_layer_in_place_is_the_earlier_one(files):
    folder, x = files
    net = converter.load(folder / "net.prototxt", folder / "w.pth", until=["s"]).eval()
    whole = reference.run(folder / "known.prototxt", str(folder / "w.safetensors"), {"x": x})
    part = reference.run(folder / "net.prototxt", str(folder / "w.safetensors"), {"x": x}, until=["s"])

    assert [layer.name for layer in net.facts.layers] == ["input", "c", "side"]
    assert list(part) == ["x", "c", "s"]
    np.testing.assert_array_equal(part["s"], whole["s"])
    with torch.no_grad():
        found = net(x=x)
    assert list(found) == ["s"] and scaled_error(found["s"].numpy(), whole["s"]) <= 1e-5


def test_a_folder_holds_the_part(files):
    folder, x = files
    convert(folder / "w.caffemodel", f"{folder}/made/", folder / "net.prototxt", until=["c"])
    net = converter.from_pretrained(folder / "made").eval()
    wanted = reference.run(folder / "net.prototxt", str(folder / "w.safetensors"), {"x": x}, until=["c"])["c"]

    assert "Odd" not in (folder / "made/net.prototxt").read_text()
    with torch.no_grad():
        assert scaled_error(net(x=x)["c"].numpy(), wanted) <= 1e-5


def test_outputs_come_in_the_order_asked_for(files):
    folder, _ = files

    assert converter.load(folder / "net.prototxt", seed=0, until=["s", "c"]).outputs == ("s", "c")


def test_inspect_tells_the_part_alone(files, capsys):
    folder, _ = files
    command = ["inspect", str(folder / "net.prototxt"), str(folder / "w.caffemodel")]

    assert main(command) == 2
    assert "'Odd'" in capsys.readouterr().out
    assert main([*command, "--until", "c"]) == 0
    assert "cut: 3 layers, every field and every blob accounted for" in capsys.readouterr().out


def test_an_unknown_type_that_the_blob_needs_stays_an_error(files):
    folder, _ = files

    with pytest.raises(UnsupportedLayerError, match="'Odd'"):
        converter.load(folder / "net.prototxt", seed=0, until=["o"])


def test_weights_of_no_layer_of_the_file_stay_an_error(files):
    folder, _ = files
    text = TEXT.replace('name: "ip"', 'name: "other"')
    (folder / "net.prototxt").write_text(text)

    with pytest.raises(WeightsError, match="ip"):
        converter.load(folder / "net.prototxt", folder / "w.caffemodel", until=["c"])


def test_a_blob_that_is_none_is_told_with_one_that_is(files):
    folder, x = files

    with pytest.raises(GraphError, match=r"net\.prototxt: the net has no blob 'cc'; did you mean 'c'\?"):
        read_net(folder / "net.prototxt", until=["cc"])
    with pytest.raises(reference.OracleError, match="no layer writes the blob 'cc'"):
        reference.run(folder / "net.prototxt", None, {"x": x}, until=["cc"])
