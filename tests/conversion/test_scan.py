"""The looks at the source: its digest, and NaN wherever it lies."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from converter.conversion.finite import check_finite
from converter.errors import CaffemodelError, WeightsError
from converter.files.digest import Digest
from converter.files.stream import CHUNK_BYTES
from converter.formats.weights.caffemodel import read_caffemodel
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights
from tests.wire_bytes import count, model, packed, piece, shape


@pytest.mark.parametrize("size", [0, 1, (1 << 23) - 1, 1 << 23, (1 << 24) + 5])
def test_the_digest_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    (tmp_path / "w.bin").write_bytes(data)
    assert Digest(tmp_path / "w.bin").hexdigest() == hashlib.sha256(data).hexdigest()
    started = Digest(tmp_path / "w.bin")
    started.start()
    assert started.hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_digest_of_no_file_says_so_when_it_is_asked(tmp_path: Path) -> None:
    digest = Digest(tmp_path / "none")
    digest.start()
    digest.stop()
    with pytest.raises(CaffemodelError, match="no longer be read: No such file"):
        digest.hexdigest()


def test_a_digest_can_be_given_up_at_any_time(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(1 << 25))
    digest = Digest(tmp_path / "w.bin")
    digest.stop()
    digest.start()
    digest.stop()
    assert not digest.is_alive()


@pytest.mark.parametrize("place", [0, CHUNK_BYTES // 4 - 1, CHUNK_BYTES // 4, 3 * CHUNK_BYTES // 4 + 5, 999_999])
def test_one_nan_is_found_wherever_it_lies(tmp_path: Path, place: int) -> None:
    values = np.ones(1_000_000, np.float32)
    net = read_caffemodel(model(tmp_path / "w.caffemodel", packed(values)))
    check_finite(net)
    values[place] = np.nan
    net = read_caffemodel(model(tmp_path / "w.caffemodel", packed(values)))
    with pytest.raises(WeightsError, match="1 of 1000000 numbers"):
        check_finite(net)


def test_the_largest_finite_numbers_are_finite(tmp_path: Path) -> None:
    values = np.full(10, np.finfo(np.float32).max, np.float32)
    values[5:] *= -1
    check_finite(read_caffemodel(model(tmp_path / "w.caffemodel", packed(values))))


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
        check_finite(read_caffemodel(model(tmp_path / "w.caffemodel", data)))


def test_a_file_that_became_shorter_is_told_from_a_sound_one(tmp_path: Path) -> None:
    net = read_caffemodel(model(tmp_path / "w.caffemodel", packed(np.ones(1000, np.float32))))
    with (tmp_path / "w.caffemodel").open("r+b") as file:
        file.truncate(200)
    with pytest.raises(CaffemodelError, match="can no longer be read"):
        check_finite(net)


def test_blobs_that_overlap_are_each_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(np.float32([1, 2, np.nan]).tobytes())
    data = np.fromfile(path, np.float32)
    blobs = (StoredBlob(data[:2], offset=0), StoredBlob(data[1:], offset=4))
    with pytest.raises(WeightsError, match="layer 'a' blob 1: 1 of 2"):
        check_finite(StoredWeights(str(path), "", (StoredLayer("a", stored=blobs),)))
