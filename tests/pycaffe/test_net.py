"""`caffe.Net` as scripts use it, on nets small enough to reckon by hand."""

from pathlib import Path

import numpy as np
import pytest

import converter.pycaffe as caffe

NET = """name: "small"
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 2
  weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: -1 } } }
layer { name: "relu" type: "ReLU" bottom: "h" top: "h" }
layer { name: "twice" type: "Power" bottom: "h" top: "z" power_param { scale: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "h" bottom: "z" top: "out" }
"""
X = np.array([[1, 2, 3], [0, 0, 0.5]], np.float32)  # h = relu(sum - 1) = [5, 5], [0, 0]; out = 3 h
HALVES = ["h_relu_0_split_0", "h_relu_0_split_1"]  # insert_splits.cpp: BLOB_LAYER_TOP_split_NUMBER


def net_of(folder: Path, text: str = NET, **more: object) -> caffe.Net:
    path = folder / "net.prototxt"
    path.write_text(text)
    return caffe.Net(str(path), more.pop("phase", caffe.TEST), **more)


def test_a_forward_pass_gives_outputs_and_asked_blobs(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    out = net.forward(blobs=["z"], x=X)
    assert out["out"].tolist() == [[15, 15], [0, 0]] and out["z"].tolist() == [[10, 10], [0, 0]]
    assert net.inputs == ["x"] and net.outputs == ["out"]
    assert list(net.blobs) == ["x", "h", *HALVES, "z", "out"] and list(net.params) == ["ip"]
    assert net.bottom_names["sum"] == [HALVES[1], "z"] and net.top_names["relu"] == ["h"]
    assert [layer.type for layer in net.layers] == ["Input", "InnerProduct", "ReLU", "Split", "Power", "Eltwise"]


def test_layers_know_their_blobs_by_number(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    assert net._blob_names == ["x", "h", *HALVES, "z", "out"] and net._blobs[5] is net.blobs["out"]
    assert (net._inputs, net._outputs, net._bottom_ids(5), net._top_ids(3)) == ([0], [5], [3, 4], [2, 3])


def test_blobs_and_weights_written_by_a_script_count(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.params["ip"][0].data[0] = [0, 0, 1]
    net.params["ip"][1].data[...] = 0
    net.blobs["x"].data[...] = X
    assert net.forward()["out"].tolist() == [[9, 18], [1.5, 1.5]]


def test_weights_share_memory_with_the_module(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.params["ip"][0].data[1, 2] = 7
    assert net.module.ip.weight[1, 2].item() == 7


def test_an_array_that_a_script_holds_shows_the_next_pass(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    held, row = net.blobs["out"].data, net.blobs["h"].data[0]
    net.forward(x=X)
    assert held.tolist() == [[15, 15], [0, 0]] and row.tolist() == [5, 5]


def test_a_pass_may_start_and_end_anywhere(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    out = net.forward(end="ip", x=X)
    assert list(out) == ["h"] and out["h"].tolist() == [[5, 5], [-0.5, -0.5]]
    net.blobs["h"].data[...] = [[-1, 1], [2, 3]]
    assert net.forward(start="relu")["out"].tolist() == [[0, 3], [6, 9]]
    with pytest.raises(ValueError, match="no layer 'conv9'"):
        net.forward(end="conv9")


FORCED = "force_backward: true\n" + NET


def test_a_backward_pass_sets_diffs_and_adds_up_those_of_parameters(tmp_path: Path) -> None:
    net = net_of(tmp_path, FORCED)
    net.forward(x=X)
    net.backward(out=np.array([[1, 10], [1, 1]], np.float32))
    # out = 3 h: the diff of h is 3 times that of out where h > 0, the first row alone.
    assert net.blobs["z"].diff.tolist() == [[1, 10], [1, 1]]
    assert net.blobs["x"].diff.tolist() == [[33, 33, 33], [0, 0, 0]]
    assert net.params["ip"][0].diff.tolist() == [[3, 6, 9], [30, 60, 90]]
    net.backward()
    assert net.params["ip"][1].diff.tolist() == [6, 60]
    held = net.params["ip"][1].diff
    net.clear_param_diffs()
    assert held.tolist() == [0, 0]


def test_a_backward_pass_begins_at_a_layer_with_the_diff_a_script_set(tmp_path: Path) -> None:
    net = net_of(tmp_path, FORCED)
    net.forward(end="relu", x=X)
    net.blobs["h"].diff[...] = net.blobs["h"].data
    assert net.backward(start="relu")["x"].tolist() == [[10, 10, 10], [0, 0, 0]]


def test_without_a_loss_or_force_backward_nothing_goes_back(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.forward(x=X)
    net.backward(out=np.ones((2, 2), np.float32))
    assert not net.blobs["x"].diff.any() and not net.params["ip"][0].diff.any()


SIGMOID = FORCED.replace('type: "ReLU"', 'type: "Sigmoid"')


@pytest.mark.parametrize("phase", [caffe.TRAIN, caffe.TEST])
def test_in_place_layers_go_back_by_what_they_read(tmp_path: Path, phase: int) -> None:
    text = (
        SIGMOID.replace("force_backward: true", "")
        + """
    layer { name: "loss" type: "Reduction" bottom: "out" top: "loss" loss_weight: 2
      reduction_param { operation: SUM } }"""
    )
    net = net_of(tmp_path, text, phase=phase)
    net.forward(x=X)
    net.backward()
    s = 1 / (1 + np.exp(-np.array([5, -0.5])))  # h before the sigmoid, by row; loss = 2 × 3 × sum of sigmoids
    wanted = (6 * s * (1 - s)).sum()
    np.testing.assert_allclose(net.params["ip"][1].diff, [wanted, wanted], rtol=1e-5)
    assert net.blob_loss_weights["loss"] == 2 and net.blob_loss_weights["out"] == 0


def test_blobs_reshape_with_the_input(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.blobs["x"].reshape(4, 3)
    net.reshape()
    assert net.blobs["out"].shape == (4, 2) and net.blobs["out"].data.shape == (4, 2)
    net.blobs["x"].data[...] = 1
    assert net.forward()["out"].tolist() == [[6, 6]] * 4
    net.blobs["x"].reshape(1, 5)
    with pytest.raises(RuntimeError, match="'ip'"):
        net.forward()
    with pytest.raises(RuntimeError, match="ip"):
        net.reshape()


def test_blob_axes(tmp_path: Path) -> None:
    blob = net_of(tmp_path).blobs["x"]
    assert (blob.num, blob.channels, blob.height, blob.width, blob.count) == (2, 3, 1, 1, 6)
    blob.reshape(1, 2, 3, 4, 5)
    with pytest.raises(ValueError, match="use shape"):
        _ = blob.num
    with pytest.raises(ValueError, match="negative"):
        blob.reshape(-1)


def test_any_number_of_items_goes_through_in_batches(tmp_path: Path) -> None:
    net = net_of(tmp_path, FORCED)
    x = np.array([[1, 1, n] for n in range(5)], np.float32)
    out = net.forward_all(blobs=["z"], x=x)
    assert out["out"].shape == (5, 2) and out["z"][:, 0].tolist() == [2, 4, 6, 8, 10]
    outs, diffs = net.forward_backward_all(x=x, out=np.ones((5, 2), np.float32))
    assert outs["out"].shape == (5, 2) and diffs["x"].tolist() == [[6, 6, 6]] * 5
    assert net.backward_all(out=np.ones((2, 2), np.float32))["x"].shape == (2, 3)


def test_wrong_inputs_are_refused(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    with pytest.raises(Exception, match="do not match net inputs; seen y; expected x"):
        net.forward(y=X)
    with pytest.raises(Exception, match="not batch sized"):
        net.forward(x=X[:1])
    with pytest.raises(Exception, match="do not match net outputs"):
        net.backward(z=X)


def test_weights_go_to_files_and_come_back(tmp_path: Path) -> None:
    net = net_of(tmp_path)
    net.params["ip"][0].data[...] = np.arange(6).reshape(2, 3)
    net.save(str(tmp_path / "w.caffemodel"))
    net.save_hdf5(str(tmp_path / "w.h5"))
    assert not np.array_equal(net_of(tmp_path).params["ip"][0].data, net.params["ip"][0].data)
    for name in ("w.caffemodel", "w.h5"):
        path = str(tmp_path / name)
        old = caffe.Net(str(tmp_path / "net.prototxt"), path, caffe.TEST)
        new = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TEST, weights=path)
        other = net_of(tmp_path)
        held = other.params["ip"][0].data
        other.copy_from(path)
        for one in (old, new, other):
            assert one.params["ip"][0].data.ravel().tolist() == [0, 1, 2, 3, 4, 5]
        assert held.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_nets_share_weights(tmp_path: Path) -> None:
    one, two = net_of(tmp_path), net_of(tmp_path)
    two.share_with(one)
    one.params["ip"][1].data[...] = 4
    assert two.params["ip"][1].data.tolist() == [4, 4]


BATCH_NORM = """layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 1 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" batch_norm_param { eps: 0 } }"""


def test_batch_norms_sums_are_caffes_and_may_be_written(tmp_path: Path) -> None:
    net = net_of(tmp_path, BATCH_NORM)
    for blob, value in zip(net.params["bn"], (6, 8, 2), strict=True):
        blob.data[...] = value  # mean 3, variance 4
    out = net.forward(x=np.array([[7], [1]], np.float32))
    assert out["x"].ravel().tolist() == [2, -1]
    net.save(str(tmp_path / "bn.caffemodel"))
    again = net_of(tmp_path, BATCH_NORM, weights=str(tmp_path / "bn.caffemodel"))
    assert [float(blob.data[0]) for blob in again.params["bn"]] == [6, 8, 2]


def test_batch_norms_sums_are_shared(tmp_path: Path) -> None:
    one, two = net_of(tmp_path, BATCH_NORM), net_of(tmp_path, BATCH_NORM)
    two.share_with(one)
    for blob, value in zip(one.params["bn"], (6, 8, 2), strict=True):
        blob.data[...] = value
    assert two.forward(x=np.array([[7], [1]], np.float32))["x"].ravel().tolist() == [2, -1]
    assert two.params["bn"][0].data.tolist() == [6]


def test_batch_norms_sums_follow_training(tmp_path: Path) -> None:
    net = net_of(tmp_path, BATCH_NORM.replace("eps: 0", ""), phase=caffe.TRAIN)
    held = net.params["bn"][0].data
    net.forward(x=np.array([[1], [3]], np.float32))
    assert held.tolist() == [2] and net.params["bn"][2].data.tolist() == [1]  # the batch's mean, once


def test_callbacks_get_each_layers_index(tmp_path: Path) -> None:
    net, seen = net_of(tmp_path, FORCED), []
    net.before_forward(lambda index: seen.append(("before", index)))
    net.after_forward(lambda index: seen.append(("after", index)))
    net.after_backward(lambda index: seen.append(("back", index)))
    net.forward(start="ip", end="relu")
    net.backward(start="relu", end="ip")
    assert seen == [("before", 1), ("after", 1), ("before", 2), ("after", 2), ("back", 2), ("back", 1)]


@pytest.mark.parametrize(
    "text", ["layer {", 'layer { name: "a" type: "Nonsense" top: "x" }', NET.replace('bottom: "x"', 'bottom: "q"')]
)
def test_nets_that_do_not_load_raise_runtime_errors(tmp_path: Path, text: str) -> None:
    with pytest.raises(RuntimeError):
        net_of(tmp_path, text)


def test_files_that_are_not_there_raise_runtime_errors(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Could not open file nowhere"):
        caffe.Net("nowhere", caffe.TEST)
    with pytest.raises(RuntimeError, match="Could not open file nowhere"):
        net_of(tmp_path, weights="nowhere")
    with pytest.raises(TypeError, match="phase"):
        caffe.Net("nowhere", 7)


def test_memory_data_is_fed_by_arrays(tmp_path: Path) -> None:
    text = """layer { name: "d" type: "MemoryData" top: "x" top: "y"
      memory_data_param { batch_size: 1 channels: 1 height: 1 width: 2 } }"""
    net = net_of(tmp_path, text)
    net.set_input_arrays(np.arange(4, dtype=np.float32).reshape(2, 1, 1, 2), np.array([5, 6], np.float32))
    assert [net.forward()["y"].item() for _ in range(3)] == [5, 6, 5]
    with pytest.raises(RuntimeError, match="set_input_arrays"):
        net_of(tmp_path, text).forward()
    with pytest.raises(RuntimeError, match="expected MemoryData"):
        net_of(tmp_path).set_input_arrays(X, X)


def test_hdf5_output_writes_what_it_reads(tmp_path: Path) -> None:
    import h5py

    text = f"""layer {{ name: "in" type: "Input" top: "a" top: "b" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
      layer {{ name: "out" type: "HDF5Output" bottom: "a" bottom: "b"
        hdf5_output_param {{ file_name: "{tmp_path}/out.h5" }} }}"""
    net = net_of(tmp_path, text)
    net.forward(a=X, b=-X)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].shape == (2, 3, 1, 1) and file["label"][1, 2, 0, 0] == -0.5


def test_random_dummies_are_drawn_again_and_constants_kept(tmp_path: Path) -> None:
    text = """layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param {
      shape { dim: 4 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 3 } } }"""
    caffe.set_random_seed(1)
    net = net_of(tmp_path, text)
    first = net.forward()["a"].copy()
    net.blobs["b"].data[0] = 8
    assert not np.array_equal(net.forward()["a"], first) and net.blobs["b"].data.tolist() == [8, 3, 3, 3]
    caffe.set_random_seed(1)
    assert np.array_equal(net_of(tmp_path, text).forward()["a"], first)
