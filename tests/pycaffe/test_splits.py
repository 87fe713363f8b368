"""Split layers: listed as Caffe's insert_splits.cpp inserts them, sharing numbers, adding up diffs."""

from pathlib import Path

import numpy as np
import pytest

import converter.pycaffe as caffe
from tests.pycaffe.test_net import FORCED, HALVES, X, net_of

LABELED = """
layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2
  weight_filler { type: "constant" value: 1 } } }
layer { name: "side" type: "Power" bottom: "data" top: "side" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
"""


def test_names_are_caffes(tmp_path: Path) -> None:
    net = net_of(tmp_path, LABELED)
    assert net._layer_names == [
        "data", "data_data_0_split", "label_data_1_split", "ip", "ip_ip_0_split", "side", "loss", "accuracy"
    ]  # fmt: skip
    assert net.top_names["label_data_1_split"] == ["label_data_1_split_0", "label_data_1_split_1"]
    assert net.bottom_names["label_data_1_split"] == ["label"]
    assert net.bottom_names["loss"] == ["ip_ip_0_split_0", "label_data_1_split_0"]
    assert net.bottom_names["accuracy"] == ["ip_ip_0_split_1", "label_data_1_split_1"]
    assert list(net.blobs)[:4] == ["data", "label", "data_data_0_split_0", "data_data_0_split_1"]
    assert len(net.layers) == 8 and net.layer_dict["ip_ip_0_split"].type == "Split"
    assert len(net.layer_dict["ip_ip_0_split"].blobs) == 0 and list(net.params) == ["ip"]
    assert net.inputs == ["data", "label"] and net.outputs == ["accuracy", "loss", "side"]


def test_numbers_are_the_blobs_own(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.forward(x=X)
    assert np.shares_memory(net.blobs[HALVES[0]].data, net.blobs["h"].data)
    assert net.blobs[HALVES[1]].data.tolist() == [[5, 5], [0, 0]]
    net.blobs[HALVES[1]].data[...] = 1
    assert net.forward(start="twice")["out"].tolist() == [[3, 3], [3, 3]]
    net.blobs["x"].reshape(1, 3)
    net.forward()
    assert net.blobs[HALVES[1]].data.shape == net.blobs[HALVES[1]].diff.shape == (1, 2)


def test_its_bottoms_diff_is_the_sum_of_its_tops(tmp_path: Path) -> None:
    net = net_of(tmp_path, FORCED)
    net.forward(x=X)
    net.backward(out=np.array([[1, 10], [1, 1]], np.float32))
    assert net.blobs[HALVES[0]].diff.tolist() == [[2, 20], [2, 2]]  # through the layer that doubles
    assert net.blobs[HALVES[1]].diff.tolist() == [[1, 10], [1, 1]]
    net.backward(start="sum", end="h_relu_0_split")
    assert net.blobs["h"].diff.tolist() == [[3, 30], [3, 3]]


def test_a_pass_begins_and_ends_at_one(tmp_path: Path) -> None:
    net = net_of(tmp_path, FORCED)
    assert list(net.forward(end="h_relu_0_split", x=X)) == HALVES
    for name, value in zip(HALVES, (7, 30), strict=True):
        net.blobs[name].diff[...] = value
    assert net.backward(start="h_relu_0_split", end="h_relu_0_split")["h"].tolist() == [[37, 37], [37, 37]]
    assert net.blobs[HALVES[0]].diff[0, 0] == 7
    net.blobs[HALVES[0]].diff[...] = 0
    net.backward(start="h_relu_0_split", end="ip")
    assert net.blobs["h"].diff[0].tolist() == [30, 30] and net.blobs["x"].diff[0].tolist() == [60, 60, 60]


LOSSES = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { scale: 3 } loss_weight: 5 }
layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 2 } loss_weight: 1 }
"""


def test_a_loss_with_a_reader_hands_its_weight_to_its_first_top(tmp_path: Path) -> None:
    net = net_of(tmp_path, "force_backward: true" + LOSSES)
    assert net.bottom_names["b"] == ["a_a_0_split_1"] and net.outputs == ["a_a_0_split_0", "b"]
    assert net.blob_loss_weights == {"x": 0, "a": 0, "a_a_0_split_0": 5, "a_a_0_split_1": 0, "b": 1}
    assert net.blobs["a_a_0_split_0"].diff.tolist() == [5, 5]
    net.blobs["x"].data[...] = [1, 2]
    assert net._forward(0, len(net.layers) - 1) == 5 * 9 + 18  # a = 3 x, b = 6 x
    net.backward()
    assert net.blobs["a_a_0_split_1"].diff.tolist() == [2, 2]
    assert net.blobs["x"].diff.tolist() == [21, 21]  # 3 (5 + 2)


def test_a_blob_read_twice_by_one_layer(tmp_path: Path) -> None:
    text = """force_backward: true
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "square" type: "Eltwise" bottom: "x" bottom: "x" top: "y" eltwise_param { operation: PROD } }"""
    net = net_of(tmp_path, text)
    assert net.bottom_names["square"] == ["x_in_0_split_0", "x_in_0_split_1"]
    net.forward(x=np.array([2, 3], np.float32))
    net.backward(y=np.ones(2, np.float32))
    assert net.blobs["x"].diff.tolist() == [4, 6]


def test_what_another_reader_changes_in_place_has_none(tmp_path: Path) -> None:
    text = """force_backward: true
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { scale: 3 } }
    layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 2 } }
    layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
    layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "out" }"""
    net = net_of(tmp_path, text)
    assert list(net.blobs) == ["x", "a", "b", "out"]
    assert net.forward(x=np.array([-1, 1], np.float32))["out"].tolist() == [-6, 9]
    net.backward(out=np.ones(2, np.float32))
    assert net.blobs["x"].diff.tolist() == [6, 9]


@pytest.mark.parametrize("phase", [caffe.TRAIN, caffe.TEST])
def test_it_takes_part_in_time_and_callbacks(tmp_path: Path, phase: int) -> None:
    net, seen = net_of(tmp_path, phase=phase), []
    net.after_forward(seen.append)
    net.forward(start="relu", end="twice", x=X)
    assert seen == [2, 3, 4]
