"""The oracle's own reading of caffemodels: shapes old and new, packed and not, and files that are none."""

import struct

import numpy as np
import pytest

import reference
from reference.caffemodel import read_blob, read_caffemodel
from reference.errors import WeightsError, WireError
from tests.places import GOLDENS
from tests.wire_bytes import count, floats, model, number, packed, piece, shape

FORMATS = GOLDENS / "nets" / "formats"


def only_blob(path):
    """The one blob of a file of one layer."""
    (layer,) = read_caffemodel(path)
    (blob,) = layer.blobs
    return blob


def test_a_packed_blob_is_a_view_of_its_numbers(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)

    blob = only_blob(model(tmp_path / "w.caffemodel", packed(values)))

    np.testing.assert_array_equal(blob.data, values, strict=True)
    assert not blob.data.flags.owndata
    assert not blob.legacy


def test_unpacked_and_broken_up_runs_join_in_order(tmp_path):
    single = number(5 * 8 + 5) + struct.pack("<f", 1.5)

    blob = only_blob(model(tmp_path / "w.caffemodel", single + floats(2.5, 3.5) + single + shape(4)))

    np.testing.assert_array_equal(blob.data, [1.5, 2.5, 3.5, 1.5])


def test_double_data_wins_over_float_data(tmp_path):
    doubles = piece(8, struct.pack("<2d", 0.1, 0.2))

    blob = only_blob(model(tmp_path / "w.caffemodel", floats(9, 9) + doubles + shape(2)))

    np.testing.assert_array_equal(blob.data, [0.1, 0.2])
    assert blob.data.dtype == np.float64


def test_legacy_shapes_are_four_numbers_and_win_over_shape(tmp_path):
    legacy = count(1, 1) + count(2, 1) + count(3, 2) + count(4, 3)

    blob = only_blob(model(tmp_path / "w.caffemodel", legacy + shape(6) + floats(*range(6))))

    assert blob.shape == (1, 1, 2, 3)
    assert blob.legacy


def test_an_unpacked_shape_reads_and_an_empty_one_is_a_scalar(tmp_path):
    unpacked = piece(7, count(1, 2) + count(1, 1))

    assert only_blob(model(tmp_path / "a.caffemodel", floats(1, 2) + unpacked)).data.shape == (2, 1)
    assert only_blob(model(tmp_path / "b.caffemodel", floats(7))).data.shape == ()


def test_what_the_oracle_does_not_need_may_be_garbage(tmp_path):
    garbage = piece(143, b"/data/list.txt\xff\xff") + piece(106, b"\x0f")
    layer = piece(1, b"c") + garbage + piece(7, packed(np.ones(2, np.float32)))
    path = tmp_path / "w.caffemodel"
    path.write_bytes(piece(100, layer))

    assert only_blob(path).shape == (2,)


def test_a_mean_image_reads_as_one_blob():
    blob = read_blob(FORMATS / "mean.binaryproto")

    np.testing.assert_array_equal(blob.data.reshape(3, 6, 7), np.load(FORMATS / "mean.npz")["mean"])


def test_a_file_cut_off_anywhere_is_an_error_or_has_whole_layers_only(tmp_path):
    whole = (FORMATS / "v0_v2.caffemodel").read_bytes()
    path = tmp_path / "cut.caffemodel"
    complete = {layer.name: layer for layer in read_caffemodel(FORMATS / "v0_v2.caffemodel")}
    errors = []
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            layers = read_caffemodel(path)
        except WireError as error:
            errors.append(str(error))
            continue
        for layer in layers:
            for blob, wanted in zip(layer.blobs, complete[layer.name].blobs, strict=True):
                np.testing.assert_array_equal(blob.data, wanted.data)
    assert len(errors) > len(whole) - 2 * len(complete)
    assert all(error.startswith(f"{path}: ") for error in errors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; a weights file was expected"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "at byte"),
        (b"<!DOCTYPE html><html></html>", "at byte"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "at byte"),
        (piece(1, b"net"), "holds no layers"),
        (b"\xff" * 64, "a number does not end"),
    ],
)
def test_a_file_that_is_no_caffemodel_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "w.caffemodel"
    path.write_bytes(content)

    with pytest.raises(WireError, match=message):
        read_caffemodel(path)


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (floats(1, 2) + shape(3), r"shape \(3,\) holds 2 numbers, not 3"),
        (piece(5, b"abcde") + shape(1), "5 bytes of blob data are no multiple of 4"),
        (floats(1) + piece(7, piece(1, number(1) * 40)), "more than 32 axes"),
        (floats(1) + piece(7, piece(1, number((1 << 64) - 1))), "larger than Caffe counts"),
        (piece(7, piece(1, number(1 << 62) * 8)), "larger than Caffe counts"),
    ],
)
def test_a_blob_that_contradicts_itself_is_an_error_without_eating_memory(tmp_path, blob, message):
    with pytest.raises(WireError, match=message):
        read_caffemodel(model(tmp_path / "w.caffemodel", blob))


NET = """
    layer { name: "x" type: "Input" top: "x" }
    layer { name: "conv" type: "InnerProduct" bottom: "x" top: "y"
            inner_product_param { num_output: 2 bias_term: BIAS } }"""


def run(weights, *, bias="false"):
    """One inner product from three numbers to two."""
    return reference.run(reference.parse(NET.replace("BIAS", bias)), weights, {"x": [[1.0, 2.0, 3.0]]})["y"]


def test_a_legacy_matrix_fits_where_the_padded_shape_agrees(tmp_path):
    legacy = count(1, 1) + count(2, 1) + count(3, 2) + count(4, 3) + floats(1, 0, 0, 0, 0, 1)

    np.testing.assert_array_equal(run(model(tmp_path / "w.caffemodel", legacy)), [[1, 3]])


@pytest.mark.parametrize(
    ("weights", "bias", "message"),
    [
        ({"conv": [np.ones((3, 2))]}, "false", r"blob 0 has shape \(3, 2\); the net wants \(2, 3\)"),
        ({"conv": [np.ones((1, 1, 2, 3))]}, "false", r"blob 0 has shape \(1, 1, 2, 3\)"),
        ({"conv": [np.ones((2, 3))]}, "true", "hold 1 blobs, the layer has 2"),
        ({"conv": []}, "true", "no layer of these weights|hold 0 blobs, the layer has 2"),
        ({"fc": [np.ones((2, 3))]}, "false", "no layer of these weights is in the net"),
        ({"conv": [np.array(["a"])]}, "false", "no array of numbers"),
        ({}, "false", "hold no such layer"),
    ],
)
def test_weights_that_do_not_belong_to_the_net_are_an_error(weights, bias, message):
    with pytest.raises(WeightsError, match=message):
        run(weights, bias=bias)
