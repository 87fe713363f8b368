"""The pass over the source: its digest, and NaN wherever it lies."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from converter.errors import WeightsError
from converter.export.scan import CHUNK, scan
from converter.formats.caffemodel import read_caffemodel
from converter.formats.hdf5 import read_hdf5
from converter.formats.stored import StoredBlob, StoredLayer, StoredNet
from tests.places import GOLDENS
from tests.wire_bytes import count, model, packed, piece, shape


def test_the_digest_is_that_of_the_whole_file() -> None:
    for path in sorted((GOLDENS / "nets" / "formats").glob("*.caffemodel")):
        assert scan(read_caffemodel(path)) == hashlib.sha256(path.read_bytes()).hexdigest()
    path = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel.h5"
    assert scan(read_hdf5(path)) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("place", [0, CHUNK // 4 - 1, CHUNK // 4, 3 * CHUNK // 4 + 5, 999_999])
def test_one_nan_is_found_wherever_it_lies(tmp_path: Path, place: int) -> None:
    values = np.ones(1_000_000, np.float32)
    net = read_caffemodel(model(tmp_path / "w.caffemodel", packed(values)))
    assert scan(net) == hashlib.sha256((tmp_path / "w.caffemodel").read_bytes()).hexdigest()
    values[place] = np.nan
    net = read_caffemodel(model(tmp_path / "w.caffemodel", packed(values)))
    with pytest.raises(WeightsError, match="1 of 1000000 numbers"):
        scan(net)
    assert scan(net, allow_nan=True) == hashlib.sha256((tmp_path / "w.caffemodel").read_bytes()).hexdigest()


def test_the_largest_finite_numbers_are_finite(tmp_path: Path) -> None:
    values = np.full(10, np.finfo(np.float32).max, np.float32)
    values[5:] *= -1
    scan(read_caffemodel(model(tmp_path / "w.caffemodel", packed(values))))


@pytest.mark.parametrize(
    "data",
    [
        piece(8, np.array([1, np.nan]).tobytes()) + shape(2),
        count(10, 2) + piece(12, np.float16([np.inf, 1]).tobytes()) + shape(2),
        piece(5, np.float32([1]).tobytes()) + piece(5, np.float32([np.nan]).tobytes()) + shape(2),
    ],
    ids=["double", "half", "gathered"],
)
def test_nan_is_found_in_every_type_and_in_gathered_blobs(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(WeightsError, match="1 of 2 numbers"):
        scan(read_caffemodel(model(tmp_path / "w.caffemodel", data)))


def test_blobs_that_overlap_are_each_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(np.float32([1, 2, np.nan]).tobytes())
    data = np.fromfile(path, np.float32)
    blobs = (StoredBlob(data[:2], offset=0), StoredBlob(data[1:], offset=4))
    with pytest.raises(WeightsError, match="layer 'a' blob 1: 1 of 2"):
        scan(StoredNet(str(path), "", (StoredLayer("a", stored=blobs),)))
