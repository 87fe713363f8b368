"""SegNet's data layer on files made here: pairs, sizes, crops and mirrors, by hand values."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_layers import LayerReader, layer_data
from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from converter.net.reading import read_net


def reader(
    folder: Path, more: str = "", transform: str = "", phase: str = "test", seed: int = 0, *, batch: int = 2
) -> LayerReader:
    """Two pairs of 2 × 4: the image's red is 10 × its number, green the row, blue the column; labels 4 row + column."""
    rows, columns = np.indices((2, 4))
    for number in range(2):
        pixels = np.stack([np.full((2, 4), 10 * number), rows, columns], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        Image.fromarray((4 * rows + columns).astype(np.uint8)).save(folder / f"{number}_label.png")
    list_file = folder / "list.txt"
    if not list_file.exists():
        list_file.write_text("0.png 0_label.png\n1.png\t1_label.png\n")
    (folder / "net.prototxt").write_text(f"""layer {{ name: "d" type: "DenseImageData" top: "x" top: "y"
      transform_param {{ {transform} }}
      dense_image_data_param {{ source: "list.txt" root_folder: "{folder}/" batch_size: {batch} {more} }} }}""")
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0], seed)


def test_a_batch_is_images_and_label_maps(tmp_path: Path) -> None:
    found = reader(tmp_path, transform="mean_value: 1 mean_value: 2 mean_value: 3 scale: 2")
    assert found.shapes() == {"x": (2, 3, 2, 4), "y": (2, 1, 2, 4)}
    batch = found.inputs(0)
    assert batch["x"].dtype == batch["y"].dtype == np.float32
    assert batch["x"][1, :, 1, 3].tolist() == [4, -2, 14]  # blue 3 - 1, green 1 - 2, red 10 - 3, doubled
    assert batch["y"][0, 0].tolist() == batch["y"][1, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_labels_are_resized_to_the_nearest(tmp_path: Path) -> None:
    batch = reader(tmp_path, "new_height: 4 new_width: 2 is_color: false").inputs(0)
    assert batch["x"].shape == (2, 1, 4, 2)
    assert batch["y"][0, 0].tolist() == [[0, 2], [0, 2], [4, 6], [4, 6]]


@pytest.mark.parametrize("phase", ["train", "test"])
def test_pairs_are_cropped_and_mirrored_together(tmp_path: Path, phase: str) -> None:
    seen = set()
    for seed in range(20):
        batch = reader(tmp_path, "crop_height: 1 crop_width: 2 mirror: true", phase=phase, seed=seed).inputs(0)
        assert batch["x"].shape == (2, 3, 1, 2) and batch["y"].shape == (2, 1, 1, 2)
        np.testing.assert_array_equal(batch["y"][:, 0], 4 * batch["x"][:, 1] + batch["x"][:, 0])
        seen.update(tuple(row) for row in batch["y"][:, 0, 0].tolist())
    both = {(a, a + 1) for a in (0, 1, 2, 4, 5, 6)}
    assert seen <= both | {(b, a) for a, b in both} and len(seen) > 6


def test_shuffled_pairs_come_once_an_epoch(tmp_path: Path) -> None:
    orders = {tuple(reader(tmp_path, "shuffle: true", seed=seed).inputs(0)["x"][:, 2, 0, 0]) for seed in range(9)}
    assert orders == {(0, 10), (10, 0)}


@pytest.mark.parametrize(
    ("more", "transform", "lines", "words"),
    [
        ("new_height: 3", "", "", "new_width go together"),
        ("crop_width: 3", "", "", "crop_width go together"),
        ("crop_height: 3 crop_width: 3", "", "", "smaller than the crop"),
        ("rand_skip: 3", "", "", "the list has 2 images"),
        ("", "mirror: true", "", "set mirror, crop_height and crop_width of dense_image_data_param"),
        ("", "crop_size: 2", "", "does to images what it does not do to labels"),
        ("", "", "0.png", "1 words; expected 'image label' a line"),
        ("", "", " ", "0 words"),
        ("", "", "0.png small.png", "make both of one size"),
        ("", "", "0.png none.png", "cannot be read"),
        ("batch_size: 2", "", "0.png 0_label.png small.png small.png", "in a batch of"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, transform: str, lines: str, words: str) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "small.png")
    if lines:
        (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(ConversionError, match=words):
        reader(tmp_path, more, transform).inputs(0)


def test_a_batch_of_none_and_one_beyond_memory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedParameterError, match="batch_size must be more than 0"):
        reader(tmp_path, batch=0)
    with pytest.raises(ShapeError, match="batch"):
        reader(tmp_path, batch=2_000_000_000).inputs(0)
