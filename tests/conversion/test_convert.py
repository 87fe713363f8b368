"""Conversion from every format to every other, judged by other programs' readers, and its refusals."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file

import converter
from converter.cli import main
from converter.errors import CaffemodelError, OutputError, WeightsError
from converter.formats import weights as weights_files
from converter.formats.protobuf.schema import message_class
from converter.formats.weights.stored import StoredWeights
from tests.places import GOLDENS, ROOT
from tests.wire_bytes import model, packed

FORMATS = GOLDENS / "nets" / "formats"
MINI = GOLDENS / "nets" / "mini"
CAFFE = MINI / "dilation7_kitti_mini.caffemodel"
NET = MINI / "dilation7_kitti_mini.prototxt"
ENDINGS = (".safetensors", ".pth", ".npz", ".h5", ".caffemodel", ".caffemodel.h5")


def _google(path: Path) -> dict[str, list[np.ndarray]]:
    net = message_class("NetParameter").FromString(path.read_bytes())
    return {
        layer.name: [np.array(blob.data, np.float32).reshape(tuple(blob.shape.dim)) for blob in layer.blobs]
        for layer in net.layer
        if layer.blobs
    }


@pytest.fixture(scope="module")
def golden() -> dict[str, list[np.ndarray]]:
    """Caffe's blobs by Google's parser."""
    return _google(CAFFE)


def _numbers(stored: StoredWeights) -> dict[str, np.ndarray]:
    return {f"{layer.name}.{n}": blob.array for layer in stored.layers for n, blob in enumerate(layer.stored)}


def _keys(golden: dict[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    return {
        f"{layer}.{name}": blob
        for layer, blobs in golden.items()
        for name, blob in zip(("weight", "bias"), blobs, strict=True)
    }


def _same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for name, blob in expected.items():
        np.testing.assert_array_equal(found[name], blob, strict=True)


def test_safetensors_read_by_its_own_package(tmp_path: Path, golden: dict[str, list[np.ndarray]]) -> None:
    converter.convert(CAFFE, tmp_path / "w.safetensors")
    _same(load_file(tmp_path / "w.safetensors"), _keys(golden))


def test_pth_is_a_plain_state_dict_that_torch_takes_with_weights_only(
    tmp_path: Path, golden: dict[str, list[np.ndarray]]
) -> None:
    import torch

    converter.convert(CAFFE, tmp_path / "w.pth")
    state = torch.load(tmp_path / "w.pth", weights_only=True)
    assert isinstance(state, dict)
    _same({name: tensor.numpy() for name, tensor in state.items()}, _keys(golden))


def test_npz_read_by_numpy_with_its_origin_in_the_comment(tmp_path: Path, golden: dict[str, list[np.ndarray]]) -> None:
    converter.convert(CAFFE, tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as archive:
        _same(dict(archive), _keys(golden))
    comment = json.loads(zipfile.ZipFile(tmp_path / "w.npz").comment)
    assert comment["sha256"] == hashlib.sha256(CAFFE.read_bytes()).hexdigest()


def test_h5_has_caffes_layout_and_its_origin_in_attributes(tmp_path: Path, golden: dict[str, list[np.ndarray]]) -> None:
    converter.convert(CAFFE, tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as ours, h5py.File(f"{CAFFE}.h5") as theirs:
        assert set(ours["data"]) == set(theirs["data"])
        for layer, blobs in golden.items():
            for index, blob in enumerate(blobs):
                np.testing.assert_array_equal(ours[f"data/{layer}/{index}"][()], blob, strict=True)
        assert ours.attrs["source"] == CAFFE.name
        assert ours.attrs["sha256"] == hashlib.sha256(CAFFE.read_bytes()).hexdigest()


def test_a_caffemodel_of_caffes_converted_to_a_caffemodel_is_the_same_file(tmp_path: Path) -> None:
    converter.convert(CAFFE, tmp_path / "w.caffemodel")
    assert (tmp_path / "w.caffemodel").read_bytes() == CAFFE.read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_back_to_a_caffemodel_by_any_way_keeps_every_bit(
    tmp_path: Path, ending: str, golden: dict[str, list[np.ndarray]]
) -> None:
    converter.convert(CAFFE, tmp_path / f"way{ending}")
    report = converter.convert(tmp_path / f"way{ending}", tmp_path / "back.caffemodel", NET)
    assert report.notes == ()
    back = _google(tmp_path / "back.caffemodel")
    assert list(back) == list(golden)
    for layer, blobs in golden.items():
        for ours, theirs in zip(back[layer], blobs, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


def test_a_caffemodel_made_with_a_prototxt_has_its_layers_definitions(tmp_path: Path) -> None:
    converter.convert(CAFFE, tmp_path / "w.safetensors")
    converter.convert(tmp_path / "w.safetensors", tmp_path / "w.caffemodel", NET)
    net = message_class("NetParameter").FromString((tmp_path / "w.caffemodel").read_bytes())
    fc6 = next(layer for layer in net.layer if layer.name == "fc6")
    assert net.name == "dilation7_kitti_mini"
    assert (fc6.type, list(fc6.bottom), list(fc6.top)) == (
        "Convolution",
        ["pool5"],
        ["fc6"],
    ) or fc6.type == "Convolution"
    assert list(fc6.convolution_param.kernel_size) == [7]
    assert list(fc6.convolution_param.dilation) == [4]
    assert [layer.name for layer in net.layer if layer.type == "Input"] != []


@pytest.mark.parametrize("age", ["v0", "v1"])
def test_old_files_become_new_caffemodels_with_the_definitions_of_caffes_upgrade(tmp_path: Path, age: str) -> None:
    converter.convert(FORMATS / f"{age}_legacy.caffemodel", tmp_path / "new.caffemodel")
    ours = message_class("NetParameter").FromString((tmp_path / "new.caffemodel").read_bytes())
    theirs = message_class("NetParameter").FromString((FORMATS / f"{age}_upgraded.caffemodel").read_bytes())
    for net in (ours, theirs):
        for layer in net.layer:
            del layer.blobs[:]
    assert list(ours.layer) == list(theirs.layer)
    _same_blobs = _google(FORMATS / f"{age}_v2.caffemodel")
    for layer, blobs in _google(tmp_path / "new.caffemodel").items():
        for mine, expected in zip(blobs, _same_blobs[layer], strict=True):
            np.testing.assert_array_equal(mine, expected, strict=True)


def test_batch_norms_blobs_have_their_own_names_and_dots_are_escaped(tmp_path: Path) -> None:
    blobs = [packed(np.float32([1, 2])), packed(np.float32([3, 4])), packed(np.float32([5]))]
    path = model(tmp_path / "w.caffemodel", *blobs, name="bn1.a", kind="BatchNorm")
    converter.convert(path, tmp_path / "w.safetensors")
    arrays = load_file(tmp_path / "w.safetensors")
    assert {key: blob.tolist() for key, blob in arrays.items()} == {
        "bn1%2Ea.running_mean": (np.float32([1, 2]) / np.float32(5)).tolist(),
        "bn1%2Ea.running_var": (np.float32([3, 4]) / np.float32(5)).tolist(),
        "bn1%2Ea.scale_factor": [5],
    }
    back = converter.read_weights(tmp_path / "w.safetensors")
    assert [blob.tolist() for blob in back["bn1.a"]] == [[1, 2], [3, 4], [5]]


def test_a_type_that_is_not_common_is_named_as_its_class_names_it(tmp_path: Path) -> None:
    path = model(tmp_path / "w.caffemodel", packed(np.float32([1, 2])), name="b", kind="Bias")
    converter.convert(path, tmp_path / "w.safetensors")
    assert {key: blob.tolist() for key, blob in load_file(tmp_path / "w.safetensors").items()} == {"b.bias": [1, 2]}
    np.testing.assert_array_equal(converter.read_weights(tmp_path / "w.safetensors")["b"][0], [1, 2])


def test_halves_and_doubles_keep_their_type_in_safetensors_and_halves_become_floats_for_caffe(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"h.weight": np.float16([0.5, 2]), "d.weight": np.array([0.1])})
    converter.convert(tmp_path / "in.npz", tmp_path / "w.safetensors")
    assert {key: blob.dtype.str for key, blob in load_file(tmp_path / "w.safetensors").items()} == {
        "h.weight": "<f2",
        "d.weight": "<f8",
    }
    converter.convert(tmp_path / "w.safetensors", tmp_path / "w.h5")
    back = converter.read_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(back["h"][0], np.float32([0.5, 2]), strict=True)
    np.testing.assert_array_equal(back["d"][0], np.array([0.1]), strict=True)


def test_the_report_counts_what_was_written(tmp_path: Path) -> None:
    report = converter.convert(FORMATS / "v1_v2.caffemodel", tmp_path / "w.safetensors")
    assert (report.layers, report.blobs, report.parameters) == (2, 4, 4 * 27 + 4 + 5 * 100 + 5)
    assert report.bytes == (tmp_path / "w.safetensors").stat().st_size
    assert report.sha256 == hashlib.sha256((FORMATS / "v1_v2.caffemodel").read_bytes()).hexdigest()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, ending: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        converter.convert(FORMATS / "v1_v2.caffemodel", tmp_path / folder / f"w{ending}")
    assert (tmp_path / "a" / f"w{ending}").read_bytes() == (tmp_path / "b" / f"w{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_nan_is_refused_with_layer_blob_and_count_and_nothing_is_left(tmp_path: Path, ending: str) -> None:
    source = model(
        tmp_path / "w.caffemodel", packed(np.float32([1, 2])), packed(np.float32([np.nan, 1, np.inf, -np.inf]))
    )
    (tmp_path / "out").mkdir()
    with pytest.raises(WeightsError, match=r"layer 'conv' blob 1: 3 of 4 numbers are NaN or infinite") as caught:
        converter.convert(source, tmp_path / "out" / f"w{ending}")
    assert caught.value.layer == "conv"
    assert list((tmp_path / "out").iterdir()) == []
    converter.convert(source, tmp_path / "out" / f"w{ending}", allow_nan=True)
    assert (tmp_path / "out" / f"w{ending}").exists()


def test_a_failed_conversion_leaves_the_file_that_stood_there(tmp_path: Path) -> None:
    (tmp_path / "out.npz").write_bytes(b"before")
    with pytest.raises(CaffemodelError):
        converter.convert(FORMATS / "v1.prototxt", tmp_path / "out.npz")
    assert (tmp_path / "out.npz").read_bytes() == b"before"
    converter.convert(FORMATS / "v1_v2.caffemodel", tmp_path / "out.npz")
    assert (tmp_path / "out.npz").read_bytes()[:2] == b"PK"


def test_outputs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "w.caffemodel"
    source.write_bytes((FORMATS / "v1_v2.caffemodel").read_bytes())
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "link.caffemodel").symlink_to(source)
    for out, says in {
        "w.onnxx": "no ending that tells a format",
        "plain": "no ending that tells a format",
        "w.caffemodel": "is the file that is to be converted",
        "link.caffemodel": "is the file that is to be converted",
        "gone/w.npz": "cannot write here",
        "folder.npz": "is a folder",
    }.items():
        with pytest.raises(OutputError, match=says):
            converter.convert(source, tmp_path / out)


def test_layers_missing_unexpected_and_misshapen_are_named(tmp_path: Path) -> None:
    net = FORMATS / "v1.prototxt"
    whole = converter.read_weights(FORMATS / "v1_v2.caffemodel")

    def refuse(weights: dict[str, list[np.ndarray]]) -> WeightsError:
        arrays = {
            f"{layer}.{name}": blob
            for layer, blobs in weights.items()
            for name, blob in zip(("weight", "bias"), blobs, strict=False)
        }
        np.savez(tmp_path / "w.npz", **arrays)
        with pytest.raises(WeightsError) as caught:
            converter.convert(tmp_path / "w.npz", tmp_path / "out.safetensors", net)
        assert not (tmp_path / "out.safetensors").exists()
        return caught.value

    assert refuse({"c1": whole["c1"]}).missing == ("f1",)
    assert refuse({**whole, "extra": [np.float32([1])]}).unexpected == ("extra",)
    report = converter.convert(tmp_path / "w.npz", tmp_path / "without.safetensors", net, allow_unused=True)
    assert report.notes == ("layer 'extra' of the weights has no place in the net and was left out",)
    assert set(load_file(tmp_path / "without.safetensors")) == {"c1.weight", "c1.bias", "f1.weight", "f1.bias"}
    misshapen = refuse({**whole, "c1": [whole["c1"][0][:3], whole["c1"][1]]}).misshapen
    assert len(misshapen) == 1
    assert "c1" in misshapen[0]


def test_weights_without_types_need_a_prototxt_to_become_a_caffemodel(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"do not tell the layers' types .*give --prototxt"):
        converter.convert(f"{CAFFE}.h5", tmp_path / "w.caffemodel")


@pytest.mark.parametrize("name", ["w.npz", "w.pth"])
def test_broken_archives_are_errors(tmp_path: Path, name: str) -> None:
    converter.convert(FORMATS / "v1_v2.caffemodel", tmp_path / name)
    data = (tmp_path / name).read_bytes()
    for cut in (0, 10, len(data) // 4, data.rindex(b"PK\5\6")):
        (tmp_path / f"cut_{name}").write_bytes(data[:cut])
        with pytest.raises(CaffemodelError):
            converter.convert(tmp_path / f"cut_{name}", tmp_path / "out.safetensors")


def test_a_pth_that_would_run_code_is_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"a.weight": torch.zeros(1), "run": Path("x")}, tmp_path / "w.pth")
    with pytest.raises(CaffemodelError, match="Python objects"):
        converter.convert(tmp_path / "w.pth", tmp_path / "out.safetensors")
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(CaffemodelError, match="not a state_dict"):
        converter.convert(tmp_path / "list.pth", tmp_path / "out.safetensors")


def test_the_command_says_what_it_wrote_and_exits_with_2_on_bad_input(tmp_path: Path) -> None:
    def command(*words: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "converter", "convert", *map(str, words)]
        return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)

    done = command(FORMATS / "v1_v2.caffemodel", tmp_path / "w.safetensors", "--prototxt", FORMATS / "v1.prototxt")
    assert done.returncode == 0, done.stderr
    assert "2 layers, 4 blobs, 617 parameters" in done.stdout
    failed = command(FORMATS / "v1.prototxt", tmp_path / "x.safetensors")
    assert failed.returncode == 2
    assert failed.stderr.startswith("dilatednet convert: ")
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize("ending", ENDINGS)
def test_without_a_checksum_the_file_is_the_same_but_for_it(tmp_path: Path, ending: str) -> None:
    converter.convert(CAFFE, tmp_path / f"with{ending}")
    report = converter.convert(CAFFE, tmp_path / f"without{ending}", checksum=False)

    recorded, bare = (weights_files.read(tmp_path / f"{name}{ending}") for name in ("with", "without"))
    assert report.sha256 == ""
    assert {name: text for name, text in recorded.metadata.items() if name != "sha256"} == dict(bare.metadata)
    _same(*(_numbers(file) for file in (bare, recorded)))


def test_a_record_without_a_checksum_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "w.safetensors"
    assert main(["convert", str(CAFFE), str(out), "--no-checksum"]) == 0
    assert f"source: {CAFFE} sha256 not recorded" in capsys.readouterr().out

    assert main(["inspect", str(NET), str(out)]) == 0
    assert f"note: weights: converted from {CAFFE.name}, sha256 not recorded\n" in capsys.readouterr().out

    assert main(["verify", str(NET), str(out), "--report", str(tmp_path / "r.html")]) == 0
    assert f"converted from {CAFFE.name}, sha256 not recorded" in (tmp_path / "r.html").read_text()


def test_a_recorded_checksum_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "w.npz"
    converter.convert(CAFFE, out)

    assert main(["inspect", str(NET), str(out)]) == 0

    digest = hashlib.sha256(CAFFE.read_bytes()).hexdigest()
    assert f"note: weights: converted from {CAFFE.name}, sha256 {digest}\n" in capsys.readouterr().out
