"""`caffe.io`: images, resizing, crops, transformers and messages, by hand values."""

import io as bytes_io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.pycaffe import io
from converter.pycaffe.proto import caffe_pb2


def saved(folder: Path, pixels: np.ndarray, mode: str | None = None) -> str:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(folder / "x.png")
    return str(folder / "x.png")


COLORS = np.array([[[255, 0, 51], [0, 255, 0]]], np.uint8)


def test_images_are_rgb_in_0_to_1(tmp_path: Path) -> None:
    image = io.load_image(saved(tmp_path, COLORS))
    assert image.dtype == np.float32 and image.shape == (1, 2, 3)
    np.testing.assert_allclose(image, COLORS / 255, atol=1e-7)


def test_gray_images_are_repeated_and_colors_become_gray(tmp_path: Path) -> None:
    gray = io.load_image(saved(tmp_path, np.array([[51, 255]], np.uint8)))
    assert gray.shape == (1, 2, 3) and gray[0, 0].tolist() == pytest.approx([0.2] * 3)
    one = io.load_image(saved(tmp_path, COLORS), color=False)
    assert one.shape == (1, 2, 1) and one[0, 1, 0] == pytest.approx(0.7154)


def test_transparency_is_dropped_and_open_files_are_read(tmp_path: Path) -> None:
    data = Path(saved(tmp_path, COLORS, "RGBA")).read_bytes()
    np.testing.assert_allclose(io.load_image(bytes_io.BytesIO(data)), COLORS / 255, atol=1e-7)
    with pytest.raises(OSError, match="nowhere"):
        io.load_image("nowhere.png")


def test_resizing_takes_pixels_as_areas_and_the_minimum_beyond_the_border() -> None:
    im = np.array([[0, 4]], np.float32)[:, :, None]
    # Twice as wide: pixels at -1/4, 1/4, 3/4 and 5/4 of the old ones; twice as high: rows at -1/4 and 1/4.
    wide = io.resize_image(im, (1, 4))[0, :, 0]
    assert wide.tolist() == [0, 1, 3, 3]
    high = io.resize_image(im + 1, (2, 2))[:, 1, 0]
    assert high.tolist() == [4, 4]


def test_resizing_down_does_not_smooth() -> None:
    im = np.arange(8, dtype=np.float32).reshape(1, 8, 1)
    assert io.resize_image(im, (1, 2))[0, :, 0].tolist() == [1.5, 5.5]
    assert io.resize_image(im, (1, 2), interp_order=0)[0, :, 0].tolist() == [2, 6]


def test_constant_images_and_other_channel_counts() -> None:
    assert (io.resize_image(np.full((2, 2, 3), 7.0), (3, 5)) == 7).all()
    im = np.stack([np.arange(3.0)] * 2, axis=-1)[None]
    assert io.resize_image(im, (1, 5))[0, :, 1].tolist() == [0, 0.5, 1, 1.5, 2]  # corners stay corners


def test_resizing_is_scikit_images_without_smoothing() -> None:
    transform = pytest.importorskip("skimage.transform")
    im = np.random.default_rng(0).random((9, 7, 3)).astype(np.float32)
    low, high = im.min(), im.max()
    for size in ((5, 11), (20, 3)):
        scaled = transform.resize((im - low) / (high - low), size, order=1, mode="constant", anti_aliasing=False)
        np.testing.assert_allclose(io.resize_image(im, size), scaled * (high - low) + low, atol=1e-5)


def test_splines_are_scipys() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    im = np.random.default_rng(0).random((6, 5, 2))
    wanted = ndimage.zoom(im, (2, 3, 1), order=3)
    np.testing.assert_allclose(io.resize_image(im, (12, 15), interp_order=3), wanted, atol=1e-6)


def test_ten_crops() -> None:
    image = np.arange(20, dtype=np.float32).reshape(4, 5, 1)
    crops = io.oversample([image, image], (2, 3))
    assert crops.shape == (20, 2, 3, 1)
    assert [int(crop[0, 0, 0]) for crop in crops[:5]] == [0, 2, 10, 12, 6]
    assert np.array_equal(crops[5:10], crops[:5, :, ::-1]) and np.array_equal(crops[10:], crops[:10])


def transformer() -> io.Transformer:
    made = io.Transformer({"data": (1, 3, 2, 2)})
    made.set_transpose("data", (2, 0, 1))
    made.set_channel_swap("data", (2, 1, 0))
    made.set_raw_scale("data", 10)
    made.set_mean("data", np.array([1, 2, 3]))
    made.set_input_scale("data", 2)
    return made


def test_preprocessing_and_the_way_back() -> None:
    image = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    kept = image.copy()
    ready = transformer().preprocess("data", image)
    assert ready.shape == (3, 2, 2) and ready.dtype == np.float32
    # B, G, R of the first pixel are 2, 1, 0: times 10, minus 1, 2, 3, times 2.
    assert ready[:, 0, 0].tolist() == [38, 16, -6]
    np.testing.assert_allclose(transformer().deprocess("data", ready[None]), image, atol=1e-6)
    assert np.array_equal(image, kept)


def test_images_and_means_of_other_sizes_are_resized() -> None:
    made = io.Transformer({"data": (1, 1, 1, 2)})
    made.set_transpose("data", (2, 0, 1))
    made.set_mean("data", np.arange(4, dtype=float).reshape(1, 1, 4))
    assert made.mean["data"].shape == (1, 1, 2)
    assert made.preprocess("data", np.array([[4, 8, 12, 16.0]])[:, :, None]).ravel().tolist() == [5.5, 11.5]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        ("set_transpose", (0, 1)),
        ("set_channel_swap", (0, 1)),
        ("set_mean", np.zeros(2)),
        ("set_mean", np.zeros((1, 1, 1, 1))),
    ],
)
def test_settings_that_do_not_fit_are_refused(call: str, argument: object) -> None:
    with pytest.raises(ValueError, match=r"Transpose|Channel|Mean"):
        getattr(transformer(), call)("data", argument)


def test_an_input_that_the_net_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="x is not one of the net inputs: 'data'"):
        transformer().preprocess("x", np.zeros((2, 2, 3)))


def test_blobs_and_datums_are_messages_and_back() -> None:
    array = np.arange(6.0).reshape(1, 2, 3)
    blob = io.array_to_blobproto(array, diff=-array)
    assert list(blob.shape.dim) == [1, 2, 3] and np.array_equal(io.blobproto_to_array(blob, return_diff=True), -array)
    assert [a.shape for a in io.blobprotovector_str_to_arraylist(io.arraylist_to_blobprotovector_str([array] * 2))] == [
        (1, 2, 3)
    ] * 2
    legacy = caffe_pb2.BlobProto(num=1, channels=1, height=2, width=3, data=range(6))
    assert io.blobproto_to_array(legacy).shape == (1, 1, 2, 3)
    for values in (array.astype(np.uint8), array):
        datum = io.array_to_datum(values, label=4)
        assert datum.label == 4 and bool(datum.data) == (values.dtype == np.uint8)
        assert np.array_equal(io.datum_to_array(datum), values)
    with pytest.raises(ValueError, match="channels, height, width"):
        io.array_to_datum(array[0])
    with pytest.raises(ValueError, match="reshape"):
        io.blobproto_to_array(caffe_pb2.BlobProto(data=[1, 2]))
