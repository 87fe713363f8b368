"""Weights as `a,b`: of a layer that both hold the later file counts, as in Caffe, in every command and program."""

import numpy as np
import pytest

import converter
import reference
from converter.cli import main
from converter.errors import WeightsError

NET = """
input: "x" input_shape { dim: 1 dim: 1 }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1 bias_term: false } }
layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 1 bias_term: false } }
"""


@pytest.fixture(scope="module", params=["npz", "safetensors", "pth", "h5", "caffemodel"])
def files(request, tmp_path_factory):
    """The net, a whole file (a = 2, b = 3) and one of b = 5 alone, and the ending."""
    folder, ending = tmp_path_factory.mktemp(request.param), request.param
    (folder / "net.prototxt").write_text(NET)
    (folder / "half.prototxt").write_text(NET.replace(NET.splitlines()[2], "").replace('bottom: "a"', 'bottom: "x"'))
    for name, net, values in (("whole", "net", {"a": 2, "b": 3}), ("half", "half", {"b": 5})):
        arrays = {f"{layer}.weight": np.array([[value]], np.float32) for layer, value in values.items()}
        np.savez(folder / f"{name}.raw.npz", **arrays)
        converter.convert(folder / f"{name}.raw.npz", folder / f"{name}.{ending}", folder / f"{net}.prototxt")
    return folder, ending


ORDERS = [(("whole", "half"), [2.0, 5.0]), (("half", "whole"), [2.0, 3.0])]


def joined(files, names):
    folder, ending = files
    return ",".join(str(folder / f"{name}.{ending}") for name in names)


@pytest.mark.parametrize(("names", "values"), ORDERS)
def test_both_programs_take_the_later_file(files, names, values):
    net, weights = files[0] / "net.prototxt", joined(files, names)
    loaded = converter.load(net, weights)
    assert [loaded.a.weight.item(), loaded.b.weight.item()] == values
    if files[1] != "pth":  # which the oracle does not read
        blobs = reference.run(net, weights, {"x": np.ones((1, 1))})
        assert [blobs["a"].item(), blobs["b"].item()] == [values[0], values[0] * values[1]]


@pytest.mark.parametrize(("names", "values"), ORDERS)
@pytest.mark.parametrize("checked", [True, False], ids=["against the net", "alone"])
def test_convert_writes_the_later_file(files, names, values, checked, tmp_path):
    converter.convert(joined(files, names), tmp_path / "out.npz", files[0] / "net.prototxt" if checked else None)
    with np.load(tmp_path / "out.npz") as found:
        assert [found["a.weight"].item(), found["b.weight"].item()] == values


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_the_commands_take_several(files, command, capsys):
    net = str(files[0] / "net.prototxt")
    assert main([command, net, joined(files, ("whole", "half"))]) == 0
    capsys.readouterr()
    assert main([command, net, joined(files, ("half",))]) == 2


def test_a_layer_that_no_file_holds_is_missing(files):
    with pytest.raises(WeightsError, match="missing from the file: a"):
        converter.load(files[0] / "net.prototxt", joined(files, ("half", "half")))
