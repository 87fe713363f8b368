"""Files that hold blobs by key: what is understood, and what is refused with the key's name."""

import collections
import hashlib
import zipfile

import numpy as np
import pytest
import torch
from safetensors import safe_open

import converter
from converter.errors import CaffemodelError, ConversionError, WeightsError

NET = """
input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
"""
STATE = {"fc.bias": torch.tensor([1.0, 2.0]), "fc.weight": torch.arange(6.0).reshape(2, 3)}


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def answer(net, weights, **options):
    return converter.load(net, weights, **options)(x=torch.ones(1, 3))["y"].tolist()


BATCH_NORM = """
input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
"""
WANTED = [[4.0, 14.0]]  # 0 + 1 + 2 + 1 and 3 + 4 + 5 + 2


def test_data_parallels_prefix_is_taken_off_and_noted(net, tmp_path):
    torch.save({f"module.{key}": value for key, value in STATE.items()}, tmp_path / "w.pth")
    loaded = converter.load(net, tmp_path / "w.pth")
    assert answer(net, tmp_path / "w.pth") == WANTED
    assert any("module." in note for note in loaded.notes)


def test_a_checkpoint_is_refused_with_the_key_that_holds_its_weights(net, tmp_path):
    torch.save({"state_dict": STATE, "epoch": 3, "optimizer": {"state": {}}}, tmp_path / "w.pth")
    with pytest.raises(CaffemodelError, match="--key state_dict"):
        converter.load(net, tmp_path / "w.pth")
    assert answer(net, tmp_path / "w.pth", key="state_dict") == WANTED
    converter.convert(tmp_path / "w.pth", tmp_path / "w.safetensors", key="state_dict")
    assert answer(net, tmp_path / "w.safetensors") == WANTED


def test_a_whole_pickled_module_is_refused_in_our_own_words(net, tmp_path):
    torch.save(torch.nn.Linear(3, 2), tmp_path / "w.pth")
    with pytest.raises(CaffemodelError, match=r"save module\.state_dict") as caught:
        converter.load(net, tmp_path / "w.pth")
    assert "weights_only=False" not in str(caught.value)


def test_the_format_is_told_by_content_and_not_by_the_name(net, tmp_path):
    torch.save(STATE, tmp_path / "weights.caffemodel")
    np.savez(tmp_path / "w.npz", **{key: value.numpy() for key, value in STATE.items()})
    (tmp_path / "w.npz").rename(tmp_path / "weights.bin")
    assert answer(net, tmp_path / "weights.caffemodel") == answer(net, tmp_path / "weights.bin") == WANTED


def test_torchs_format_before_1_6_reads(net, tmp_path):
    torch.save(STATE, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert answer(net, tmp_path / "w.pth") == WANTED


def test_a_layer_in_part_is_refused(net, tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc.weight": STATE["fc.weight"].numpy()})
    with pytest.raises(WeightsError, match=r"fc: weight in the file, weight, bias in the net"):
        converter.load(net, tmp_path / "w.npz")


def test_a_key_is_refused_with_the_nearest_names(net, tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc.weights": STATE["fc.weight"].numpy(), "fc.bias": STATE["fc.bias"].numpy()})
    with pytest.raises(WeightsError, match=r"key 'fc.weights' .* did you mean weight"):
        converter.load(net, tmp_path / "w.npz")


def test_keys_that_fit_two_layers_alike_are_refused(tmp_path):
    """Layer `loss` is written `loss_`; files of earlier versions wrote layer `loss_` so."""
    layers = [
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "x" top: "{name}" '
        "inner_product_param { num_output: 2 } }"
        for name in ("loss", "loss_")
    ]
    (tmp_path / "net.prototxt").write_text('input: "x" input_shape { dim: 1 dim: 3 }\n' + "\n".join(layers))
    np.savez(tmp_path / "w.npz", **{key.replace("fc", "loss_"): value.numpy() for key, value in STATE.items()})
    with pytest.raises(WeightsError, match="'loss' and 'loss_' alike"):
        converter.load(tmp_path / "net.prototxt", tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["training", "loss", "forward", "class", "a.b", "a/b c", "", "_modules", "x\\y"])
def test_a_layer_may_have_any_name(name, tmp_path):
    quoted = name.replace("\\", "\\\\")
    path = tmp_path / "net.prototxt"
    path.write_text(NET.replace('"fc"', f'"{quoted}"'))
    made = converter.load(path)
    made.set_blobs(name, [STATE["fc.weight"].numpy(), STATE["fc.bias"].numpy()])
    torch.save(made.state_dict(), tmp_path / "w.pth")
    assert answer(path, tmp_path / "w.pth") == WANTED
    converter.convert(tmp_path / "w.pth", tmp_path / "w.caffemodel", path)
    assert answer(path, tmp_path / "w.caffemodel") == WANTED
    assert list(converter.read_weights(tmp_path / "w.caffemodel")) == [name]


def test_names_that_do_not_tell_an_order_are_not_put_into_one(tmp_path):
    np.savez(tmp_path / "w.npz", **{"a.blob2": np.zeros(2, np.float32), "a.mean": np.zeros(2, np.float32)})
    with pytest.raises(WeightsError, match=r"give (the|--)\s?prototxt"):
        converter.convert(tmp_path / "w.npz", tmp_path / "w.h5")
    assert not (tmp_path / "w.h5").exists()
    with pytest.raises(WeightsError, match="order"):
        converter.read_weights(tmp_path / "w.npz")


def test_files_with_commas_between_them_count_from_left_to_right(net, tmp_path):
    torch.save(STATE, tmp_path / "a.pth")
    torch.save({**STATE, "fc.bias": torch.zeros(2)}, tmp_path / "b.pth")
    assert answer(net, f"{tmp_path / 'b.pth'},{tmp_path / 'a.pth'}") == WANTED
    assert answer(net, f"{tmp_path / 'a.pth'},{tmp_path / 'b.pth'}") == [[3.0, 12.0]]


def test_a_file_made_of_several_names_them_all_with_their_digests(net, tmp_path):
    torch.save(STATE, tmp_path / "a.pth")
    np.savez(tmp_path / "b.npz", **{"fc.bias": np.zeros(2, np.float32), "fc.weight": STATE["fc.weight"].numpy()})
    report = converter.convert(f"{tmp_path / 'a.pth'},{tmp_path / 'b.npz'}", tmp_path / "out.safetensors", net)
    wanted = ",".join(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.pth", "b.npz"))
    with safe_open(tmp_path / "out.safetensors", "np") as file:
        metadata = file.metadata()
    assert report.sha256 == metadata["sha256"] == wanted
    assert metadata["source"] == "a.pth,b.npz"
    assert answer(net, tmp_path / "out.safetensors") == [[3.0, 12.0]]


def test_a_file_whose_own_name_has_a_comma_is_one_file(net, tmp_path):
    torch.save(STATE, tmp_path / "a,b.pth")
    assert answer(net, tmp_path / "a,b.pth") == WANTED


def test_an_archive_that_would_expand_is_refused_before_it_does(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (25000000,), }"
        archive.writestr("a.weight.npy", header.ljust(128, b" ") + bytes(100_000_000))
    with pytest.raises(CaffemodelError, match="expand"):
        converter.read_weights(tmp_path / "w.npz")


@pytest.mark.parametrize(("first", "second", "words"), [((0, 8), (4, 12), "overlaps"), ((0, 8), (12, 20), "hole")])
def test_safetensors_whose_blobs_overlap_or_leave_holes_are_refused(first, second, words, tmp_path):
    import json

    table = {
        "a.weight": {"dtype": "F32", "shape": [2], "data_offsets": first},
        "a.bias": {"dtype": "F32", "shape": [2], "data_offsets": second},
    }
    text = json.dumps(table).encode()
    (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(second[1]))
    with pytest.raises(CaffemodelError, match=words):
        converter.read_weights(tmp_path / "w.safetensors")


def test_batch_norms_statistics_are_divided_and_come_back_to_one_rounding(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }'
    )
    sums = [np.float32([999.98, -7.5]), np.float32([65504.0 * 900, 3.0]), np.float32([999.98])]
    made = converter.load(path)
    made.set_blobs("bn", sums)
    state = made.state_dict()
    assert list(state) == ["bn.running_mean", "bn.running_var", "bn.scale_factor"]
    assert torch.equal(state["bn.running_mean"], torch.from_numpy(sums[0] / sums[2]))
    assert isinstance(made.bn, torch.nn.BatchNorm2d)
    back = [made.blob_parameter("bn", index).numpy() for index in range(3)]
    for mine, wanted in zip(back, sums, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=2.0**-23)
    assert torch.isfinite(made.half()(x=torch.ones(1, 2, dtype=torch.float16))["y"]).all()


def test_files_of_earlier_versions_with_undivided_statistics_load(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }'
    )
    old = collections.OrderedDict(
        {"bn.mean": np.float32([4, 8]), "bn.variance": np.float32([12, 16]), "bn.scale_factor": np.float32([4])}
    )
    np.savez(tmp_path / "w.npz", **old)
    net = converter.load(path, tmp_path / "w.npz")
    assert net.state_dict()["bn.running_var"].tolist() == [3, 4]


def test_every_kind_of_error_is_at_the_top_of_the_package(net):
    with pytest.raises(converter.ConversionError):
        converter.load(net, "missing.caffemodel")
    assert converter.WeightsError is WeightsError
    assert issubclass(converter.ShapeError, ConversionError)
