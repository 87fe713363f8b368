"""An ImageLabelData item by hand: what is extended, cropped, mirrored, scaled and sampled, where."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_layers import layer_data
from converter.data.image_label_data import ImageLabelSettings, prepare
from converter.data.transforms import LabelSlice, crop_window, preprocess
from converter.errors import DatasetError
from converter.net.reading import read_net
from tests.dilatednet.training.tiny_training import write_images

LABEL = np.arange(30, dtype=np.uint8).reshape(5, 6)
"""Row r, column c holds 6 r + c."""
IMAGE = np.stack([LABEL, LABEL + 40, LABEL + 80], axis=2)
"""R, G, B: red is the label's number, green 40 more, blue 80 more."""


def item(settings: ImageLabelSettings, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return prepare(IMAGE, LABEL, settings, np.random.default_rng(seed))


def test_rows_and_columns_are_extended_each_by_its_own_offset() -> None:
    """1 row above and below, 2 columns left and right: 7 x 10, of which the center 5 x 5 is rows 1-5, columns 2-6.

    Blue comes first. Row 0 of the crop is row 0 of the image; its columns are 0 to 4: no row or column is off by one.
    """
    image, label = item(ImageLabelSettings(5, LabelSlice((3, 1), (1, 1), (1, 2))))
    np.testing.assert_array_equal(image[2], LABEL[0:5, 0:5])
    np.testing.assert_array_equal(image[0] - image[2], np.full((5, 5), 80))
    np.testing.assert_array_equal(image[1] - image[2], np.full((5, 5), 40))
    np.testing.assert_array_equal(label, [[[6 * 1 + 2], [6 * 2 + 2], [6 * 3 + 2]]])  # crop rows 1-3, column 2


def test_rows_are_extended_by_the_rows_offset() -> None:
    """Offsets 2 and 1: 9 x 8, and one column to the left makes the crop 9; its column 3 is the image's column 1."""
    image, _ = item(ImageLabelSettings(9, LabelSlice((5, 5), (1, 1), (2, 1)), padding="REFLECT"))
    np.testing.assert_array_equal(image[2, :, 3], [6 * row + 1 for row in (2, 1, 0, 1, 2, 3, 4, 3, 2)])


def test_a_crop_of_the_whole_extension_shows_its_reflection_and_its_void_labels() -> None:
    """Offsets 1 and 1: 7 x 8; the crop 7 begins at row 0, column (8 - 7) // 2 = 0: image column -1 is column 1."""
    image, label = item(ImageLabelSettings(7, LabelSlice((5, 5), (1, 1), (1, 1)), padding="REFLECT"))
    np.testing.assert_array_equal(image[2, :, 0], [7, 1, 7, 13, 19, 25, 19])  # rows 1, 0, 1, 2, 3, 4, 3 of column 1
    np.testing.assert_array_equal(label[0], LABEL[:, :5])
    zeros, _ = item(ImageLabelSettings(7, LabelSlice((5, 5), (1, 1), (1, 1)), padding="ZERO"))
    np.testing.assert_array_equal(zeros[2, :, 0], [0] * 7)


def test_the_mean_is_subtracted_by_channel_before_the_scale() -> None:
    """(pixel - mean) times scale; B, G, R means 80, 40 and 0 leave the red number in every plane."""
    image, _ = item(ImageLabelSettings(2, LabelSlice((2, 2)), mean=(80, 40, 0), scale=0.5))
    for plane in image:
        np.testing.assert_array_equal(plane, LABEL[1:3, 2:4] / 2)  # (5 - 2) // 2 = 1, (6 - 2) // 2 = 2
    assert image.dtype == np.float32


def test_without_mean_and_scale_pixels_stay() -> None:
    image, _ = item(ImageLabelSettings(2, LabelSlice((2, 2))))
    np.testing.assert_array_equal(image[0], LABEL[1:3, 2:4] + 80)


def test_one_mean_counts_for_every_channel() -> None:
    assert preprocess(np.full((1, 1, 3), 7, np.uint8), (2.0,), 3.0).tolist() == [[[15]]] * 3


def test_defaults_neither_mirror_nor_draw_and_reflect() -> None:
    """Two seeds give one item: the center."""
    settings = ImageLabelSettings(3, LabelSlice((3, 3)))
    assert (settings.padding, settings.mirror, settings.train, settings.scales) == ("REFLECT", False, False, None)
    for seed in range(10):
        np.testing.assert_array_equal(item(settings, seed)[1][0], LABEL[1:4, 1:4])


def test_mirroring_turns_columns_and_no_rows() -> None:
    settings = ImageLabelSettings(3, LabelSlice((3, 3)), mirror=True)
    seen = set()
    for seed in range(20):
        image, label = item(settings, seed)
        mirrored = bool(np.random.default_rng(seed).integers(2))  # the first number drawn
        seen.add(mirrored)
        expected = LABEL[1:4, 1:4][:, ::-1] if mirrored else LABEL[1:4, 1:4]
        np.testing.assert_array_equal(label[0], expected)
        np.testing.assert_array_equal(image[2], expected)
    assert seen == {True, False}


def test_a_drawn_scale_changes_the_size_before_the_extension() -> None:
    """Exactly 2: 10 x 12, of whose labels the center crop of 4 holds rows 3-6, columns 4-7: source row r // 2."""
    _, label = item(ImageLabelSettings(4, LabelSlice((4, 4)), scales=(2.0, 2.0)))
    np.testing.assert_array_equal(label[0], LABEL[np.arange(3, 7) // 2][:, np.arange(4, 8) // 2])


@pytest.mark.parametrize(("shape", "crop", "start"), [((5, 6), 2, (1, 2)), ((5, 6), 5, (0, 0)), ((9, 4), 4, (2, 0))])
def test_the_center_window_begins_at_half_the_spare_rounded_down(shape, crop: int, start) -> None:
    rows, columns = crop_window(shape, crop, None)
    assert (rows, columns) == (slice(start[0], start[0] + crop), slice(start[1], start[1] + crop))


def test_a_label_slice_may_end_with_the_crop_and_no_further() -> None:
    """Rows 1, 3: crop 4 has rows 0 to 3. With crop 3 row 3 is outside."""
    assert ImageLabelSettings(4, LabelSlice((2, 1), (2, 1), (1, 0)))
    assert ImageLabelSettings(1, LabelSlice((1, 1)))
    for kept in (LabelSlice((2, 1), (2, 1), (1, 0)), LabelSlice((1, 2), (1, 2), (0, 1))):
        with pytest.raises(DatasetError, match="expected less than the crop 3"):
            ImageLabelSettings(3, kept)
    with pytest.raises(DatasetError, match="crop 0"):
        ImageLabelSettings(0, LabelSlice((1, 1), (1, 1), (-1, -1)))


LAYER = """
layer { name: "data" type: "ImageLabelData" top: "data" top: "label" transform_param { crop_size: 8 TRANSFORM }
  image_label_data_param { image_list_path: "images.txt" label_list_path: "labels.txt" FIELDS
    label_slice { dim: 4 dim: 4 stride: 1 stride: 1 offset: 2 offset: 2 } } }
"""


def layer(folder: Path, fields: str = "", transform: str = "", phase: str = "test"):
    write_images(folder, count=4)
    (folder / "net.prototxt").write_text(LAYER.replace("FIELDS", fields).replace("TRANSFORM", transform))
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0])


def test_an_image_label_layers_defaults_are_the_forks(tmp_path: Path) -> None:
    """caffe-dilation's caffe.proto: batch_size 1, no shuffle, padding REFLECT, scale 1, no mirror, no rand_skip."""
    data = layer(tmp_path)
    settings = data.items.settings
    assert (data.batch, data.start, data.items.order.shuffle) == (1, 0, False)
    assert (settings.padding, settings.scale, settings.mean, settings.mirror) == ("REFLECT", 1.0, (), False)
    assert (settings.scales, settings.train, settings.crop) == (None, False, 8)


def test_an_image_label_layers_fields_are_read(tmp_path: Path) -> None:
    fields = "batch_size: 3 shuffle: true padding: ZERO rand_scale: true min_scale: 0.5 max_scale: 2"
    data = layer(tmp_path, fields, "scale: 0.25 mean_value: 7 mirror: true", "train")
    settings = data.items.settings
    assert (data.batch, data.items.order.shuffle) == (3, True)
    assert (settings.padding, settings.scale, settings.mean, settings.mirror) == ("ZERO", 0.25, (7,), True)
    assert (settings.scales, settings.train) == ((0.5, 2.0), True)


@pytest.mark.parametrize(("fields", "scales"), [("rand_scale: true", (1.0, 1.0)), ("min_scale: 0.5", None)])
def test_scales_are_drawn_only_where_rand_scale_says_so(tmp_path: Path, fields: str, scales) -> None:
    assert layer(tmp_path, fields).items.settings.scales == scales


def test_the_scale_of_a_layer_reaches_its_batches(tmp_path: Path) -> None:
    plain, halved = (layer(tmp_path, "", words).inputs(0)["data"] for words in ("", "scale: 0.5 mean_value: 10"))
    np.testing.assert_array_equal(halved, (plain - 10) / 2)


def test_an_image_and_a_label_map_of_two_sizes_are_refused(tmp_path: Path) -> None:
    data = layer(tmp_path)
    assert data.items[0][0].shape == (3, 8, 8)
    Image.fromarray(np.zeros((40, 51), np.uint8)).save(tmp_path / "label0.png")
    with pytest.raises(DatasetError, match=r"label0\.png"):
        data.items[0]
