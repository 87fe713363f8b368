"""What a stage trains on, by hand: which pixels go in, and under which of them the labels lie."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from converter.data.list_files import bin_header
from converter.dilatednet.training.loss import summed_loss, valid_loss
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.sources import TrainingItems, feature_items, from_lists, image_items
from converter.errors import DatasetError
from tests.dilatednet.training.tiny_training import tiny

SIDE = 24
EVERY = 251
"""Classes, as many as the numbers that stand for labels."""


def whole(folder: Path) -> object:
    """One image of 24 x 24, red its row and green its column, whose label map numbers the 8 x 8 squares 0 to 8."""
    rows, columns = np.indices((SIDE, SIDE))
    image = np.stack([rows, columns, np.zeros_like(rows)], 2).astype(np.uint8)
    Image.fromarray(image).save(folder / "i.png")
    Image.fromarray((rows // 8 * 3 + columns // 8).astype(np.uint8)).save(folder / "l.png")
    for name in "il":
        (folder / f"{name}.txt").write_text(f"{folder}/{name}.png\n")
    return from_lists(folder / "i.txt", folder / "l.txt")


def test_a_crop_is_the_image_with_186_pixels_around_it(tmp_path: Path) -> None:
    """24 + 2 * 186 = 396: a crop of 396 is the whole; (396 - 372) / 8 = 3 cells a side, under their first pixels."""
    items = image_items(whole(tmp_path), tiny(crop=396, mirror=False), (0, 0, 0), EVERY)
    image, label = items[0]
    np.testing.assert_array_equal(label[0], np.arange(9).reshape(3, 3))
    assert image.shape == (3, 396, 396)
    inner = image[:, 186:-186, 186:-186]
    np.testing.assert_array_equal(inner[2, :, 0], np.arange(SIDE))  # red, the last plane: rows
    np.testing.assert_array_equal(inner[1, 0], np.arange(SIDE))
    assert image[2, 185, 200] == 1  # the row above row 0 is row 1


def test_the_label_of_a_cell_is_that_of_its_top_left_pixel(tmp_path: Path) -> None:
    """Numbers in reading order instead of squares: the labels are those of rows and columns 0, 8 and 16."""
    source = whole(tmp_path)
    numbers = (np.arange(SIDE * SIDE) % 251).astype(np.uint8).reshape(SIDE, SIDE)
    Image.fromarray(numbers).save(tmp_path / "l.png")
    _, label = image_items(source, tiny(crop=396, mirror=False), (0, 0, 0), EVERY)[0]
    np.testing.assert_array_equal(label[0], numbers[::8, ::8])
    _, label = image_items(source, tiny(crop=396, mirror=False, upsampled_labels=True), (0, 0, 0), EVERY)[0]
    np.testing.assert_array_equal(label[0], numbers)


def test_a_smaller_crop_takes_its_cells_within_its_own_margin(tmp_path: Path) -> None:
    """388: 2 cells, somewhere; the label of a cell stands 186 pixels in, where red and green tell the place."""
    source = whole(tmp_path)
    numbers = (np.arange(SIDE * SIDE) % 251).astype(np.uint8).reshape(SIDE, SIDE)
    Image.fromarray(numbers).save(tmp_path / "l.png")
    items = image_items(source, tiny(crop=388, mirror=False), (0, 0, 0), EVERY)
    places = set()
    for position in range(12):
        image, label = items[position]
        row, column = int(image[2, 186, 186]), int(image[1, 186, 186])
        places.add((row, column))
        np.testing.assert_array_equal(label[0], numbers[row : row + 9 : 8, column : column + 9 : 8])
    assert len(places) > 6  # drawn, as in training


def test_the_mean_is_the_one_given_and_the_recipe_says_whether_to_mirror(tmp_path: Path) -> None:
    source = whole(tmp_path)
    image, _ = image_items(source, tiny(crop=396, mirror=False), (1, 2, 3), EVERY)[0]
    assert image[:, 186, 186].tolist() == [-1, -2, -3]
    settings = image_items(source, tiny(), (1, 2, 3), EVERY).settings
    assert (settings.mirror, settings.train, settings.scale, settings.padding) == (True, True, 1.0, "REFLECT")


def test_the_order_follows_the_recipes_seed(tmp_path: Path) -> None:
    source = whole(tmp_path)
    many = replace(source, pairs=source.pairs * 20)
    first, second = (
        [image_items(many, tiny(seed=seed), (), EVERY).order.item(at) for at in range(20)] for seed in (1, 2)
    )
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second


@pytest.mark.parametrize("mirror", [True, False])
def test_features_have_the_label_under_each_cells_first_pixel(tmp_path: Path, mirror: bool) -> None:
    """3 x 3 cells for 24 x 24 labels: rows and columns 0, 8, 16, mirrored with the map or not at all."""
    whole(tmp_path)
    features = np.tile(np.arange(9, dtype="<f4").reshape(1, 3, 3), (9, 1, 1))
    (tmp_path / "f.bin").write_bytes(bin_header((9, 3, 3)) + features.tobytes())
    (tmp_path / "i.txt").write_text(f"{tmp_path}/f.bin\n")
    context = recipe("voc", "context", mirror=mirror)
    items = feature_items(from_lists(tmp_path / "i.txt", tmp_path / "l.txt"), context, 9)
    seen = set()
    for position in range(20):
        values, label = items[position]
        np.testing.assert_array_equal(label[0], values[0])
        seen.add(bool(values[0, 0, 0] == 2))
    assert seen == ({True, False} if mirror else {False})


def test_a_label_may_be_the_last_class_or_void_and_no_other(tmp_path: Path) -> None:
    source = whole(tmp_path)
    right, fewer = (image_items(source, tiny(crop=396, mirror=False), (0, 0, 0), classes) for classes in (9, 8))
    assert TrainingItems(right, 9)[0][1].dtype == np.int64
    with pytest.raises(DatasetError, match=r"l\.png: .*8"):
        TrainingItems(fewer, 8)[0]
    assert isinstance(TrainingItems(fewer, 8).get(0), DatasetError)
    Image.fromarray(np.full((SIDE, SIDE), 255, np.uint8)).save(tmp_path / "l.png")
    assert TrainingItems(fewer, 8)[0][1].tolist() == [[255] * 3] * 3


def test_maps_of_another_number_of_classes_are_refused(tmp_path: Path) -> None:
    whole(tmp_path)
    (tmp_path / "f.bin").write_bytes(bin_header((2, 3, 3)) + bytes(4 * 18))
    (tmp_path / "i.txt").write_text(f"{tmp_path}/f.bin\n")
    source = from_lists(tmp_path / "i.txt", tmp_path / "l.txt")
    with pytest.raises(DatasetError, match="a map of 2 classes for a context module of 9"):
        feature_items(source, recipe("voc", "context"), 9)


def test_a_folder_is_put_before_both_names_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "i.txt").write_text("a.png\n")
    (tmp_path / "l.txt").write_text("b.png\n")
    assert from_lists(tmp_path / "i.txt", tmp_path / "l.txt").pairs == [("a.png", "b.png")]
    assert from_lists(tmp_path / "i.txt", tmp_path / "l.txt", "x/y").pairs == [("x/ya.png", "x/yb.png")]


def test_the_loss_is_divided_by_the_pixels_that_count_at_least_1() -> None:
    """Two even classes lose ln 2 a pixel; 3 of 4 count, then none."""
    logits = torch.zeros(1, 2, 2, 2)
    total, count = summed_loss(logits, torch.tensor([[[0, 1], [255, 1]]]))
    assert (total.item(), count.item()) == (pytest.approx(3 * np.log(2)), 3)
    assert valid_loss(logits, torch.tensor([[[0, 1], [255, 1]]])).item() == pytest.approx(np.log(2))
    assert valid_loss(logits, torch.full((1, 2, 2), 255)).item() == 0
    assert valid_loss(logits, torch.tensor([[[0, 255], [255, 255]]])).item() == pytest.approx(np.log(2))
