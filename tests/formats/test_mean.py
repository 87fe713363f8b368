"""Mean images: Caffe's binaryproto in both shapes, and NumPy's files."""

from pathlib import Path

import numpy as np
import pytest

from converter.errors import CaffemodelError
from converter.formats.mean import read_mean
from tests.places import GOLDENS
from tests.wire_bytes import count, floats, packed

FORMATS = GOLDENS / "nets" / "formats"


def test_caffes_mean_reads_as_channels_rows_columns() -> None:
    mean = read_mean(FORMATS / "mean.binaryproto")
    with np.load(FORMATS / "mean.npz") as golden:
        np.testing.assert_array_equal(mean, golden["mean"], strict=True)


IMAGE = np.arange(12, dtype=np.float32).reshape(3, 2, 2)


@pytest.mark.parametrize(
    "data",
    [
        packed(IMAGE),
        packed(IMAGE[None]),
        count(1, 1) + count(2, 3) + count(3, 2) + count(4, 2) + floats(*IMAGE.ravel()),
    ],
    ids=["three axes", "four axes", "legacy"],
)
def test_new_and_legacy_shapes_read_alike(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.binaryproto").write_bytes(data)
    np.testing.assert_array_equal(read_mean(tmp_path / "m.binaryproto"), IMAGE, strict=True)


def test_numpy_files_read_three_numbers_alone_as_one_pixel(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", IMAGE.astype(np.float64))
    np.save(tmp_path / "three.npy", np.array([104, 117, 124]))
    np.testing.assert_array_equal(read_mean(tmp_path / "image.npy"), IMAGE, strict=True)
    np.testing.assert_array_equal(
        read_mean(tmp_path / "three.npy"), np.float32([[[104]], [[117]], [[124]]]), strict=True
    )


def test_what_is_no_mean_is_an_error(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.zeros((4, 4)))
    np.save(tmp_path / "nan.npy", np.full((3, 1, 1), np.nan))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "flat.npy").read_bytes()[:100])
    (tmp_path / "cut.binaryproto").write_bytes((FORMATS / "mean.binaryproto").read_bytes()[:300])
    (tmp_path / "lfs.binaryproto").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    for path, says in {
        "flat.npy": "is no mean image: shape",
        "nan.npy": "finite numbers",
        "text.npy": "not numbers",
        "objects.npy": "NumPy cannot read it",
        "cut.npy": "NumPy cannot read it",
        "cut.binaryproto": "truncated",
        "lfs.binaryproto": "git-LFS pointer",
        "gone.binaryproto": "No such file",
    }.items():
        with pytest.raises(CaffemodelError, match=says):
            read_mean(tmp_path / path)
