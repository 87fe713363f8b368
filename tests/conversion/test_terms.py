"""Caffe's terms and the state dict's: sets of blobs that a type cannot have, shared blobs, layers that have none."""

import h5py
import numpy as np
import pytest
import torch

import converter
from converter.errors import WeightsError
from tests.wire_bytes import model, packed

BATCH_NORM = """
input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
"""
FULL = """
input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "z" }
"""
SIAMESE = """
input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "a" type: "BatchNorm" bottom: "x" top: "y" param { name: "m" } param { name: "v" } param { name: "s" } }
layer { name: "b" type: "BatchNorm" bottom: "x" top: "z" param { name: "m" } param { name: "v" } param { name: "s" } }
"""
MEAN, VARIANCE = np.float32([1, 2, 3]), np.float32([4, 5, 6])


def written(folder, text, name="net.prototxt"):
    (folder / name).write_text(text)
    return folder / name


def by_key(folder, **arrays):
    np.savez(folder / "w.npz", **{key.replace("__", "."): np.float32(value) for key, value in arrays.items()})
    return folder / "w.npz"


@pytest.mark.parametrize("factor", [[1, 2], [1, 2, 3]])
def test_a_batch_norm_with_more_than_one_factor_is_refused_with_and_without_a_net(factor, tmp_path):
    path = by_key(tmp_path, bn__running_mean=MEAN, bn__running_var=VARIANCE, bn__scale_factor=factor)
    with pytest.raises(WeightsError, match=rf"bn.scale_factor: {len(factor)} in the file, 1 in the net"):
        converter.load(written(tmp_path, BATCH_NORM), path)
    with pytest.raises(WeightsError, match="do not tell"):
        converter.read_weights(path)


def test_a_batch_norm_without_its_factor_is_refused_with_and_without_a_net(tmp_path):
    path = by_key(tmp_path, bn__running_mean=MEAN, bn__running_var=VARIANCE)
    with pytest.raises(WeightsError, match=r"running_mean, running_var in the file, running_mean, .* in the net"):
        converter.load(written(tmp_path, BATCH_NORM), path)
    with pytest.raises(WeightsError, match="do not tell"):
        converter.read_weights(path)


def test_torchs_own_batch_norm_is_refused_with_the_names_that_caffes_has(tmp_path):
    names = {"running_mean": MEAN, "running_var": VARIANCE, "weight": MEAN, "bias": MEAN}
    path = by_key(tmp_path, **{f"bn__{name}": value for name, value in names.items()})
    with pytest.raises(WeightsError, match=r"layer 'bn' \(BatchNorm\): key 'bn.weight' names none") as caught:
        converter.load(written(tmp_path, BATCH_NORM), path)
    assert "blob3" not in str(caught.value)


@pytest.mark.parametrize("blobs", [[MEAN], [MEAN, VARIANCE], [MEAN, VARIANCE, VARIANCE], [MEAN, VARIANCE, [1], [1]]])
def test_a_caffemodels_batch_norm_with_other_blobs_is_not_divided_into_numbers(blobs, tmp_path):
    source = model(tmp_path / "w.caffemodel", *(packed(np.float32(one)) for one in blobs), name="bn", kind="BatchNorm")
    with pytest.raises(WeightsError, match=r"layer 'bn' \(BatchNorm\): its blobs are of shapes 3"):
        converter.convert(source, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_nan_under_a_factor_of_0_is_not_hidden(tmp_path):
    blobs = (packed(np.float32([np.nan, 1])), packed(np.float32([2, 3])), packed(np.float32([0])))
    source = model(tmp_path / "w.caffemodel", *blobs, name="bn", kind="BatchNorm")
    with pytest.raises(WeightsError, match="1 of 2 numbers are NaN"):
        converter.convert(source, tmp_path / "out.safetensors")


def test_names_of_no_known_type_stay_as_they_are_from_key_to_key(tmp_path):
    path = by_key(tmp_path, bn__gamma=MEAN, bn__beta=VARIANCE)
    converter.convert(path, tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as archive:
        assert {key: archive[key].tolist() for key in archive} == {"bn.gamma": [1, 2, 3], "bn.beta": [4, 5, 6]}


def test_our_metadata_has_blobs_in_caffes_order_whatever_the_source_had(tmp_path):
    path = by_key(tmp_path, fc__bias=[1, 2], fc__weight=np.ones((2, 3)))
    converter.convert(path, tmp_path / "w.safetensors", written(tmp_path, FULL))
    data = (tmp_path / "w.safetensors").read_bytes()
    assert b'\\"fc\\": [\\"weight\\", \\"bias\\"]' in data


def test_blobs_of_a_layer_that_has_none_in_the_net_are_refused_or_left_out_with_a_note(tmp_path):
    net = written(tmp_path, FULL)
    path = by_key(tmp_path, fc__weight=np.ones((2, 3)), fc__bias=[1, 2], relu__weight=[1])
    with pytest.raises(WeightsError, match="'relu'") as caught:
        converter.convert(path, tmp_path / "out.caffemodel", net)
    assert caught.value.unexpected == ("relu",)
    report = converter.convert(path, tmp_path / "out.caffemodel", net, allow_unused=True)
    assert report.notes == ("layer 'relu' of the weights has no place in the net and was left out",)
    assert list(converter.read_weights(tmp_path / "out.caffemodel")) == ["fc"]


def hdf5(folder, **layers):
    with h5py.File(folder / "w.h5", "w") as file:
        for name, blobs in layers.items():
            for index, blob in blobs.items():
                file[f"data/{name}/{index}"] = np.float32(blob)
    return folder / "w.h5"


SUMS = {0: [2, 4], 1: [8, 10], 2: [2]}
WANTED = [[[2.0, 4.0], [8.0, 10.0], [2.0]]] * 2


def test_blobs_that_lie_with_their_owner_reach_every_layer_that_shares_them(tmp_path):
    """src/caffe/net.cpp, CopyTrainedLayersFromHDF5: a dataset may be missing where another layer owns the blob."""
    net = converter.load(written(tmp_path, SIAMESE), hdf5(tmp_path, a=SUMS))
    held = [[net.blob_parameter(layer, index).tolist() for index in range(3)] for layer in "ab"]
    assert held == WANTED
    y = net(x=torch.tensor([[3.0, 5.0]]))
    assert torch.equal(y["y"], y["z"])


def test_a_layer_that_shares_a_part_gets_it_from_the_owner(tmp_path):
    text = SIAMESE.replace('param { name: "m" } param { name: "v" } param { name: "s" } }', 'param { name: "m" } }')
    path = hdf5(tmp_path, a=SUMS, b={1: [6, 6], 2: [3]})
    net = converter.load(written(tmp_path, text), path)
    assert [net.blob_parameter("b", index).tolist() for index in range(3)] == [[2, 4], [6, 6], [3]]
    converter.convert(path, tmp_path / "out.caffemodel", tmp_path / "net.prototxt")
    held = converter.read_weights(tmp_path / "out.caffemodel")["b"]
    assert [blob.tolist() for blob in held] == [[2, 4], [6, 6], [3]]


def test_an_owner_that_is_missing_itself_is_named(tmp_path):
    with pytest.raises(WeightsError) as caught:
        converter.load(written(tmp_path, SIAMESE), hdf5(tmp_path, c={0: [1]}))
    assert caught.value.missing == ("a",)


def test_a_net_with_layers_loss_and_loss__loads_its_own_files(tmp_path):
    """Their keys are `loss_` and `loss__`; earlier versions wrote `loss` and `loss_`."""
    layers = [
        FULL.splitlines()[2].replace('"fc"', f'"{name}"').replace('"y"', f'"{name}"') for name in ("loss", "loss_")
    ]
    path = written(tmp_path, "\n".join([FULL.splitlines()[1], *layers]))
    net = converter.load(path)
    for number, name in enumerate(("loss", "loss_")):
        net.set_blobs(name, [np.full((2, 3), number, np.float32), np.zeros(2, np.float32)])
    torch.save(dict(reversed(net.state_dict().items())), tmp_path / "w.pth")
    again = converter.load(path, tmp_path / "w.pth")
    assert [again.blob_parameter(name, 0)[0, 0].item() for name in ("loss", "loss_")] == [0, 1]
    converter.convert(tmp_path / "w.pth", tmp_path / "w.caffemodel", path)
    held = converter.read_weights(tmp_path / "w.caffemodel")
    assert [held[name][0][0, 0] for name in ("loss", "loss_")] == [0, 1]


def test_a_reserved_name_without_its_underscore_loads_as_earlier_versions_wrote_it(tmp_path):
    path = written(tmp_path, FULL.replace('"fc"', '"loss"'))
    net = converter.load(path, by_key(tmp_path, loss__weight=np.ones((2, 3)), loss__bias=[1, 2]))
    assert net.blob_parameter("loss", 1).tolist() == [1, 2]
