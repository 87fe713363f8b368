"""BlobProto in every form that Caffe and its forks write."""

import struct
from pathlib import Path

import numpy as np
import pytest

from converter.errors import CaffemodelError
from converter.formats.weights.caffemodel import read_caffemodel
from converter.formats.weights.stored import StoredBlob
from converter.plan.layer_blobs import drop_legacy_axes as without_legacy_axes
from converter.plan.layer_blobs import kind_of
from tests.wire_bytes import count, floats, model, number, piece, shape

SIX = np.array([[1.5, -2.0, 0.25], [4.0, 5.0, -6.5]], np.float32)


def _blob(path: Path, data: bytes) -> StoredBlob:
    return read_caffemodel(model(path / "m.caffemodel", data)).layers[0].stored[0]


def _unpacked(values: np.ndarray) -> bytes:
    return b"".join(b"\x2d" + struct.pack("<f", value) for value in values.ravel())


@pytest.mark.parametrize(
    "data",
    [
        floats(*SIX.ravel()) + shape(2, 3),
        shape(2, 3) + floats(*SIX.ravel()),
        floats(*SIX.ravel()[:1]) + floats(*SIX.ravel()[1:]) + shape(2, 3),
        _unpacked(SIX) + shape(2, 3),
        floats(*SIX.ravel()[:2]) + _unpacked(SIX.ravel()[2:]) + shape(2, 3),
        _unpacked(SIX.ravel()[:4]) + floats(*SIX.ravel()[4:]) + shape(2, 3),
        floats(*SIX.ravel()) + piece(7, count(1, 2) + count(1, 3)),
        floats(*SIX.ravel()) + piece(7, count(1, 2)) + piece(7, count(1, 3)),
        floats(*SIX.ravel()) + piece(6, bytes(24)) + piece(9, bytes(48)) + shape(2, 3),
        count(10, 1) + piece(12, SIX.tobytes()) + shape(2, 3),
        piece(12, SIX.astype("<f2").tobytes()) + count(10, 2) + shape(2, 3),
        count(10, 0) + piece(12, SIX.astype("<f8").tobytes()) + shape(2, 3),
        piece(10, b"mask") + piece(12, b"junk") + floats(*SIX.ravel()) + b"\x65\x00\x00\x00\x00" + shape(2, 3),
        piece(8, SIX.astype("<f8").tobytes()) + shape(2, 3),
        b"".join(b"\x41" + struct.pack("<d", value) for value in SIX.ravel()) + shape(2, 3),
        piece(8, SIX.astype("<f8").tobytes()) + floats(9, 9, 9, 9, 9, 9) + shape(2, 3),
    ],
    ids=[
        "packed", "shape first", "two packed runs", "unpacked", "packed then unpacked", "unpacked then packed",
        "unpacked shape", "merged shapes", "with gradients", "raw float", "raw half", "raw double", "pruning fork",
        "double", "unpacked double", "double wins over float",
    ],
)  # fmt: skip
def test_the_same_six_numbers_read_from_every_form(tmp_path: Path, data: bytes) -> None:
    blob = _blob(tmp_path, data)
    assert not blob.legacy
    np.testing.assert_array_equal(blob.array, SIX, strict=False)
    assert blob.array.shape == (2, 3)


def test_a_packed_blob_is_a_view_at_its_offset_and_a_gathered_one_is_not(tmp_path: Path) -> None:
    packed = _blob(tmp_path, floats(*SIX.ravel()) + shape(2, 3))
    raw = (tmp_path / "m.caffemodel").read_bytes()
    assert raw[packed.offset : packed.offset + 24] == SIX.tobytes()
    assert not packed.array.flags.owndata
    assert _blob(tmp_path, _unpacked(SIX) + shape(2, 3)).offset == -1


def test_a_long_unpacked_run_reads_in_one_go(tmp_path: Path) -> None:
    values = np.arange(300_000, dtype=np.float32)
    records = np.zeros(values.size, [("tag", "u1"), ("value", "<f4")])
    records["tag"], records["value"] = 0x2D, values
    np.testing.assert_array_equal(_blob(tmp_path, records.tobytes() + shape(values.size)).array, values)


def test_a_legacy_shape_has_four_axes_unset_ones_0_and_hides_the_new_one(tmp_path: Path) -> None:
    blob = _blob(tmp_path, count(1, 1) + count(2, 1) + count(3, 2) + count(4, 3) + floats(*SIX.ravel()) + shape(6))
    assert blob.legacy
    assert blob.array.shape == (1, 1, 2, 3)
    assert _blob(tmp_path, count(2, 1) + count(3, 2) + count(4, 3)).array.shape == (0, 1, 2, 3)


def test_no_shape_is_a_scalar(tmp_path: Path) -> None:
    blob = _blob(tmp_path, floats(2.5))
    assert blob.array.shape == ()
    assert blob.array == 2.5


@pytest.mark.parametrize(
    ("kind", "index", "stored", "drop_legacy_axes"),
    [
        ("Convolution", 0, (8, 4, 3, 3), (8, 4, 3, 3)),
        ("Convolution", 0, (1, 1, 1, 5), (1, 1, 1, 5)),
        ("Convolution", 1, (1, 1, 1, 8), (8,)),
        ("InnerProduct", 0, (1, 1, 5, 80), (5, 80)),
        ("InnerProduct", 0, (1, 1, 1, 80), (1, 80)),
        ("InnerProduct", 1, (1, 1, 1, 5), (5,)),
        ("BatchNorm", 0, (1, 1, 1, 16), (16,)),
        ("Scale", 0, (1, 1, 1, 16), (16,)),
        ("BN", 0, (1, 16, 1, 1), (1, 16, 1, 1)),
        ("", 1, (1, 1, 1, 3), (3,)),
    ],
)
def test_legacy_shapes_lose_leading_ones_only_where_the_type_tells(
    kind: str, index: int, stored: tuple[int, ...], drop_legacy_axes: tuple[int, ...]
) -> None:
    blob = np.zeros(stored, np.float32)
    assert without_legacy_axes(kind_of(kind), index, StoredBlob(blob, legacy=True)).array.shape == drop_legacy_axes
    new = (
        drop_legacy_axes if kind_of(kind).flat_blobs else stored
    )  # NVIDIA writes BatchNorm's with axes of one in new files too
    assert without_legacy_axes(kind_of(kind), index, StoredBlob(blob, legacy=False)).array.shape == new


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (floats(1, 2, 3, 4, 5) + shape(2, 3), "its shape 2×3 says 6 numbers, it holds 5"),
        (floats(1, 2) + shape(), "its shape scalar says 1 numbers, it holds 2"),
        (shape(2, 3), "its shape 2×3 says 6 numbers, it holds 0"),
        (piece(5, bytes(23)) + shape(2, 3), "23 bytes at byte .* are no whole number of 4-byte numbers"),
        (floats(1) + shape(*([1] * 33)), "a shape of more than 32 axes"),
        (floats(1) + piece(7, piece(1, b"\xff" * 9 + b"\x01")), "a shape that cannot be, -1"),
        (floats(1) + b"\x08" + b"\xff" * 9 + b"\x01", "a shape that cannot be, -1×0×0×0"),
        (floats(1) + shape(2**62, 4), "a shape that cannot be"),
        (shape(0, 2**40, 2**40), "a shape that cannot be"),
        (count(10, 2) + piece(12, bytes(11)) + shape(2, 3), "11 bytes of raw data are no whole number of 2"),
        (count(10, 3) + piece(12, bytes(24)) + shape(2, 3), "it holds 0"),
    ],
)
def test_a_blob_that_cannot_be_is_an_error_naming_file_layer_blob_and_both_numbers(
    tmp_path: Path, data: bytes, says: str
) -> None:
    path = model(tmp_path / "m.caffemodel", floats(1, 2) + shape(2), data)
    with pytest.raises(CaffemodelError, match=says) as caught:
        read_caffemodel(path)
    assert f"{path}: layer 'conv' blob 1: " in str(caught.value)
    assert caught.value.layer == "conv"


def test_a_shape_of_a_thousand_million_axes_costs_nothing(tmp_path: Path) -> None:
    data = piece(7, number(10) + number(2**30) + bytes(50))
    with pytest.raises(CaffemodelError, match=r"runs past its message|truncated"):
        _blob(tmp_path, data)


@pytest.mark.parametrize(
    ("dims", "says"), [((2**31 - 1,), "2147483647"), ((2**31,), "a shape that cannot be, 2147483648")]
)
def test_a_blob_has_at_most_as_many_numbers_as_an_int_counts(tmp_path: Path, dims: tuple[int, ...], says: str) -> None:
    """Caffe counts in int, up to 2^31 - 1 (blob.cpp, Reshape); these have no numbers at all, which is told where the
    shape could be."""
    with pytest.raises(CaffemodelError, match=says) as caught:
        read_caffemodel(model(tmp_path / "w.caffemodel", shape(*dims)))
    assert ("cannot be" in str(caught.value)) == (dims == (2**31,))
