"""Safetensors: read as Hugging Face's own package reads, and refused where the header lies."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import converter
from converter.errors import CaffemodelError
from converter.formats.weights.safetensors import read_safetensors
from tests.places import GOLDENS


def _file(path: Path, header: object, numbers: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + numbers)
    return path


def test_a_file_of_the_safetensors_package_reads_by_layer_in_caffes_blob_order(tmp_path: Path) -> None:
    arrays = {
        "conv.bias": np.float32([1, 2]),
        "conv.weight": np.float32([[[[3]]], [[[4]]]]),
        "bn.scale_factor": np.float32([9]),
        "bn.variance": np.float32([5, 6]),
        "bn.mean": np.float32([7, 8]),
        "a%2Eb.weight": np.array([0.5], np.float16),
        "fc.bias": np.array([3.0]),
        "fc.weight": np.array([1.0]),
    }
    save_file(arrays, tmp_path / "w.safetensors")
    weights = converter.read_weights(tmp_path / "w.safetensors")
    assert set(weights) == {"conv", "bn", "a.b", "fc"}
    for name, blobs in {
        "conv": ["weight", "bias"],
        "bn": ["mean", "variance", "scale_factor"],
        "fc": ["weight", "bias"],
    }.items():
        for ours, key in zip(weights[name], blobs, strict=True):
            np.testing.assert_array_equal(ours, arrays[f"{name}.{key}"], strict=True)
    np.testing.assert_array_equal(weights["a.b"][0], arrays["a%2Eb.weight"], strict=True)


def test_what_convert_writes_the_safetensors_package_reads(tmp_path: Path) -> None:
    source = GOLDENS / "nets" / "formats" / "v1_v2.caffemodel"
    converter.convert(source, tmp_path / "w.safetensors")
    arrays = load_file(tmp_path / "w.safetensors")
    expected = converter.read_weights(source)
    assert set(arrays) == {f"{layer}.{name}" for layer in ("c1", "f1") for name in ("weight", "bias")}
    for layer, blobs in expected.items():
        np.testing.assert_array_equal(arrays[f"{layer}.weight"], blobs[0], strict=True)
        np.testing.assert_array_equal(arrays[f"{layer}.bias"], blobs[1], strict=True)
    with safe_open(tmp_path / "w.safetensors", "np") as file:
        metadata = file.metadata()
    assert (8 + int.from_bytes((tmp_path / "w.safetensors").read_bytes()[:8], "little")) % 4096 == 0, "a whole page"
    assert metadata["format"] == "pt"
    assert metadata["source"] == "v1_v2.caffemodel"
    assert metadata["net"] == "v1net"
    assert json.loads(metadata["blob_order"]) == {"c1": ["weight", "bias"], "f1": ["weight", "bias"]}
    assert json.loads(metadata["layer_types"]) == {"c1": "Convolution", "f1": "InnerProduct"}


def test_the_header_is_a_multiple_of_8_and_wider_numbers_come_first(tmp_path: Path) -> None:
    save_file({"a.weight": np.float16([1, 2, 3]), "b.weight": np.array([4.0])}, tmp_path / "in.safetensors")
    converter.convert(tmp_path / "in.safetensors", tmp_path / "out.safetensors")
    data = (tmp_path / "out.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0
    assert header["b.weight"]["data_offsets"] == [0, 8]
    assert header["a.weight"]["data_offsets"] == [8, 14]


def test_blobs_are_views_into_the_file(tmp_path: Path) -> None:
    save_file({"c.weight": np.float32([1, 2, 3])}, tmp_path / "w.safetensors")
    blob = read_safetensors(tmp_path / "w.safetensors").layers[0].stored[0]
    assert not blob.array.flags.owndata
    assert (tmp_path / "w.safetensors").read_bytes()[blob.offset :] == blob.array.tobytes()


def _entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"c.weight": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (_entry(dtype="I64"), "of type I64, not F64, F32, F16"),
        (_entry(dtype="BF16"), "of type BF16"),
        (_entry(dtype=["F32"]), "of type"),
        (_entry(shape=[3]), r"shape \[3\] needs 12 bytes, it has 8"),
        (_entry(shape=[-2]), "has shape"),
        (_entry(shape=[True, 2]), "has shape"),
        (_entry(shape=[0, 1 << 40, 1 << 40], offsets=[0, 0]), "has shape"),
        (_entry(shape=[0, 1 << 20, 1 << 20], offsets=[0, 0]), "has shape"),
        (_entry(shape=[1] * 33, offsets=[0, 4]), "has shape"),
        (_entry(offsets=[4, 12]), "the file is truncated: 'c.weight' needs"),
        (_entry(offsets=[8]), "has shape"),
        (_entry(offsets=[1 << 60, (1 << 60) + 8]), "has shape"),
        ({"c.weight": 5}, "has no entry that reads"),
        ({"\ud800": {}}, "is no table"),
        (b"{broken json", "is no JSON"),
        (b'{"c.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c.weight":{}}', "a key is there twice"),
        ({}, "holds no blobs"),
        (b"{" * 5000, "is no JSON"),
        ({"__metadata__": {"a": 1}}, "metadata is not a table of texts"),
        (
            {"__metadata__": {"blob_order": '{"c": ["bias"]}'}, **_entry()},
            r"has blobs \['weight'\], its metadata says \['bias'\]",
        ),
    ],
)
def test_a_header_that_lies_is_an_error(tmp_path: Path, header: object, says: str) -> None:
    path = _file(tmp_path / "w.safetensors", header, bytes(8))
    with pytest.raises(CaffemodelError, match=says):
        converter.read_weights(path)


def test_a_file_cut_at_any_length_is_an_error(tmp_path: Path) -> None:
    save_file({"c.weight": np.float32([1, 2, 3]), "c.bias": np.float32([4])}, tmp_path / "w.safetensors")
    data = (tmp_path / "w.safetensors").read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut.safetensors").write_bytes(data[:length])
        with pytest.raises(CaffemodelError):
            converter.read_weights(tmp_path / "cut.safetensors")
