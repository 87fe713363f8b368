"""What `net.save` writes: the bytes that genuine Caffe's `net.save` wrote, Split layers included."""

from pathlib import Path

import h5py
import numpy as np
import pytest

import converter
import converter.pycaffe as caffe
import reference
from converter.cli import main
from converter.pycaffe.proto import caffe_pb2
from tests.goldens_reader import GoldenCase, golden_cases
from tests.places import GOLDENS

WEIGHTED = [case for case in golden_cases(GOLDENS / "layers") if case.weights]
H5 = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel.h5"

TWO_READERS = """
name: "two" force_backward: true
layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" loss_weight: 0.5 inner_product_param { num_output: 2
  weight_filler { type: "xavier" } } }
layer { name: "side" type: "Power" bottom: "data" top: "side" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
"""


@pytest.mark.parametrize("case", WEIGHTED, ids=str)
def test_the_file_is_caffes_byte_for_byte(case: GoldenCase, tmp_path: Path) -> None:
    caffe.Net(str(case.prototxt), caffe.TEST, weights=case.weights).save(tmp_path / "w.caffemodel")
    written, wanted = (tmp_path / "w.caffemodel").read_bytes(), Path(case.weights).read_bytes()
    if str(case) in ("BatchNorm_00", "BatchNorm_01", "BatchNorm_03"):  # the mean is divided by the factor, and back
        written, wanted = without_blobs(written), without_blobs(wanted)
    assert written == wanted


def without_blobs(data: bytes) -> bytes:
    net = caffe_pb2.NetParameter.FromString(data)
    for layer in net.layer:
        del layer.blobs[:]
    return net.SerializeToString()


def test_hdf5_has_caffes_groups(tmp_path: Path) -> None:
    caffe.Net(str(H5).replace(".caffemodel.h5", ".prototxt"), caffe.TEST, weights=H5).save_hdf5(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as written, h5py.File(H5) as wanted:
        assert {name: sorted(group) for name, group in written["data"].items()} == {
            name: sorted(group) for name, group in wanted["data"].items()
        }


def saved(tmp_path: Path, phase: int) -> Path:
    """The text of the net that is saved, beside its weights."""
    (tmp_path / "net.prototxt").write_text(TWO_READERS)
    caffe.Net(str(tmp_path / "net.prototxt"), phase).save(tmp_path / "w.caffemodel")
    caffe.Net(str(tmp_path / "net.prototxt"), str(tmp_path / "w.caffemodel"), phase).save_hdf5(tmp_path / "w.h5")
    text = caffe_pb2.NetParameter.FromString(without_blobs((tmp_path / "w.caffemodel").read_bytes()))
    (tmp_path / "saved.prototxt").write_text(str(text))
    return tmp_path / "saved.prototxt"


def test_a_loss_that_others_read_hands_its_weight_to_its_split(tmp_path: Path) -> None:
    saved(tmp_path, caffe.TRAIN)
    net = caffe_pb2.NetParameter.FromString((tmp_path / "w.caffemodel").read_bytes())
    layers = {layer.name: layer for layer in net.layer}
    assert list(layers) == ["data", "data_data_0_split", "ip", "ip_ip_0_split", "side", "loss"]
    assert list(layers["ip_ip_0_split"].loss_weight) == [0.5, 0] and not layers["ip"].loss_weight
    assert list(layers["loss"].loss_weight) == [1] and list(layers["loss"].bottom) == ["ip_ip_0_split_1", "label"]
    with h5py.File(tmp_path / "w.h5") as file:
        assert {name: len(group) for name, group in file["data"].items()} == {
            **dict.fromkeys(layers, 0), "ip": 2
        }  # fmt: skip


@pytest.mark.parametrize("recipe", ["sgd_fast", "adam"])
def test_a_snapshots_definitions_are_caffes(recipe: str, tmp_path: Path) -> None:
    folder = GOLDENS / "nets" / "solver"
    wanted = (folder / f"{recipe}_iter_12.caffemodel").read_bytes()
    net = caffe.Net(str(folder / f"{recipe}_net.prototxt"), caffe.TRAIN)
    net.save(tmp_path / "w.caffemodel")
    assert without_blobs((tmp_path / "w.caffemodel").read_bytes()) == without_blobs(wanted)


@pytest.mark.parametrize("weights", ["w.caffemodel", "w.h5"])
@pytest.mark.parametrize("net", ["net.prototxt", "saved.prototxt"])
def test_what_was_saved_loads_with_the_net_and_alone(net: str, weights: str, tmp_path: Path) -> None:
    saved(tmp_path, caffe.TEST)
    net, weights = str(tmp_path / net), str(tmp_path / weights)
    fed = {"data": np.arange(6, dtype=np.float32).reshape(2, 3), "label": np.array([0, 1], np.float32)}
    module = converter.load(net, weights)
    assert not module.notes
    outs = reference.run(net, weights, fed)
    again = caffe.Net(net, weights, caffe.TEST)
    again.forward(**fed)
    for name in ("loss", "accuracy", "side"):
        assert again.blobs[name].data == pytest.approx(outs[name], rel=1e-5)
    assert main(["verify", net, weights]) == 0
    again.save(tmp_path / "again.caffemodel")
    assert (tmp_path / "again.caffemodel").read_bytes() == (tmp_path / "w.caffemodel").read_bytes()


def test_a_shared_blob_is_in_hdf5_with_its_owner_alone_and_loads_with_all(tmp_path: Path) -> None:
    """src/caffe/net.cpp, ToHDF5: only parameters that own themselves; a .caffemodel has them with every layer."""
    net, weights = tmp_path / "net.prototxt", tmp_path / "w.h5"
    layer = """layer { name: "%s" type: "InnerProduct" bottom: "x" top: "%s" param { name: "w" }
      inner_product_param { num_output: 2 weight_filler { type: "xavier" } bias_filler { type: "uniform" } } }"""
    net.write_text('input: "x" input_shape { dim: 1 dim: 3 }' + layer % ("a", "a") + layer % ("b", "b"))
    caffe.set_random_seed(1)
    first = caffe.Net(str(net), caffe.TEST)
    first.save_hdf5(weights)
    with h5py.File(weights) as file:
        assert {name: sorted(file["data"][name]) for name in "ab"} == {"a": ["0", "1"], "b": ["1"]}
    again = caffe.Net(str(net), str(weights), caffe.TEST)
    assert (again.params["b"][0].data == first.params["a"][0].data).all()
    assert (again.params["b"][1].data == first.params["b"][1].data).all()
    out = reference.run(str(net), str(weights), {"x": np.ones((1, 3), np.float32)})
    assert first.forward(x=np.ones((1, 3), np.float32))["b"] == pytest.approx(out["b"], rel=1e-6)
