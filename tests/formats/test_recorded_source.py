"""What a converted file says of its source: name, net, and the SHA-256 of the source's very bytes."""

import hashlib
import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import converter
from tests.wire_bytes import floats, model, packed, shape


def header(path: Path) -> dict:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length])


@pytest.fixture(params=[1, 70_000])
def source(request, tmp_path: Path) -> Path:
    """A caffemodel of one blob, of few bytes or of more than one buffer."""
    return model(tmp_path / "made.caffemodel", packed(np.arange(request.param, dtype=np.float32)[:, None, None, None]))


def test_a_safetensors_file_has_its_sources_checksum(source: Path, tmp_path: Path) -> None:
    report = converter.convert(source, tmp_path / "w.safetensors")
    metadata = header(tmp_path / "w.safetensors")["__metadata__"]
    assert metadata["sha256"] == report.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert metadata["source"] == "made.caffemodel"
    assert metadata["net"] == "net"
    assert metadata["converter"].startswith("dilatednet ")


def test_other_bytes_have_another_checksum(tmp_path: Path) -> None:
    sums = set()
    for value in (1.0, 2.0):
        converter.convert(model(tmp_path / "made.caffemodel", floats(value) + shape(1)), tmp_path / "w.safetensors")
        sums.add(header(tmp_path / "w.safetensors")["__metadata__"]["sha256"])
    assert len(sums) == 2
    assert "0" * 64 not in sums


def test_an_archives_comment_and_hdf5s_attributes_have_it_too(source: Path, tmp_path: Path) -> None:
    wanted = hashlib.sha256(source.read_bytes()).hexdigest()
    for ending in ("npz", "h5"):
        converter.convert(source, tmp_path / f"w.{ending}")
    with zipfile.ZipFile(tmp_path / "w.npz") as archive:
        assert json.loads(archive.comment)["sha256"] == wanted
    with h5py.File(tmp_path / "w.h5") as file:
        assert file.attrs["sha256"] == wanted


def test_the_numbers_lie_where_the_header_says_and_fill_the_file(source: Path, tmp_path: Path) -> None:
    converter.convert(source, tmp_path / "w.safetensors")
    data = (tmp_path / "w.safetensors").read_bytes()
    entry = header(tmp_path / "w.safetensors")["conv.weight"]
    start, end = entry["data_offsets"]
    count = entry["shape"][0]
    assert (entry["dtype"], entry["shape"]) == ("F32", [count, 1, 1, 1])
    assert (start, end) == (0, 4 * count)
    base = 8 + struct.unpack("<Q", data[:8])[0]
    assert base % 4096 == 0
    assert len(data) == base + end
    np.testing.assert_array_equal(np.frombuffer(data[base:], "<f4"), np.arange(count))
