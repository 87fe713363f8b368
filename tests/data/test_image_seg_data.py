"""ImageSegData and WindowSegData on files made here: types of labels, borders, crops, windows; values by hand.

Neither fork's code could be run: values follow from the sources that `converter.data.image_seg_data` names.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_layers import LayerReader, layer_data, unstated_shapes
from converter.errors import ConversionError
from converter.net.reading import read_net

LINES = "0.png 0_label.png\n1.png 1_label.png\n"


def reader(
    folder: Path,
    more: str = "label_type: PIXEL",
    transform: str = "",
    phase: str = "test",
    seed: int = 0,
    *,
    kind: str = "ImageSegData",
) -> LayerReader:
    """Two pairs of 2 × 4: red is 10 × the pair's number, green the row, blue the column; labels 4 row + column."""
    rows, columns = np.indices((2, 4))
    for number in range(2):
        pixels = np.stack([np.full((2, 4), 10 * number), rows, columns], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        Image.fromarray((4 * rows + columns).astype(np.uint8)).save(folder / f"{number}_label.png")
    if not (folder / "list.txt").exists():
        (folder / "list.txt").write_text(LINES)
    (folder / "net.prototxt").write_text(f"""layer {{ name: "d" type: "{kind}" top: "x" top: "y" top: "dim"
      transform_param {{ {transform} }}
      image_data_param {{ source: "list.txt" root_folder: "{folder}/" batch_size: 2 {more} }} }}""")
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0], seed)


def test_a_batch_is_images_label_maps_and_sizes(tmp_path: Path) -> None:
    found = reader(tmp_path, transform="mean_value: 1 mean_value: 2 mean_value: 3 scale: 2")
    assert found.shapes() == {"x": (2, 3, 2, 4), "y": (2, 1, 2, 4), "dim": (2, 1, 1, 2)}
    batch = found.inputs(0)
    assert {value.dtype for value in batch.values()} == {np.dtype(np.float32)}
    assert batch["x"][1, :, 1, 3].tolist() == [4, -2, 14]  # blue 3 - 1, green 1 - 2, red 10 - 3, doubled
    assert batch["y"][0, 0].tolist() == batch["y"][1, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert batch["dim"].reshape(2, 2).tolist() == [[2, 4], [2, 4]]


def test_small_images_are_extended_below_and_to_the_right_by_their_mean(tmp_path: Path) -> None:
    transform = "crop_height: 3 crop_width: 5 mean_value: 9"
    for phase in ("train", "test"):
        batch = reader(tmp_path, transform=transform, phase=phase).inputs(0)
        assert batch["y"][0, 0].tolist() == [[0, 1, 2, 3, 255], [4, 5, 6, 7, 255], [255] * 5]
        assert batch["x"][1, :, 1].tolist() == [[-9, -8, -7, -6, 0], [-8, -8, -8, -8, 0], [1, 1, 1, 1, 0]]
        assert batch["dim"][0, 0, 0].tolist() == [2, 4]
    batch = reader(tmp_path, "label_type: PIXEL ignore_label: 7", transform).inputs(0)
    assert batch["y"][0, 0, 2].tolist() == [7] * 5


def test_crops_are_drawn_in_training_and_in_the_middle_otherwise(tmp_path: Path) -> None:
    batch = reader(tmp_path, transform="crop_size: 2").inputs(0)
    assert batch["y"][0, 0].tolist() == [[1, 2], [5, 6]]
    assert batch["dim"][0, 0, 0].tolist() == [2, 2]  # bounded by the crop
    places = set()
    for seed in range(30):
        batch = reader(tmp_path, transform="crop_size: 2 mirror: true", phase="train", seed=seed).inputs(0)
        np.testing.assert_array_equal(batch["y"][:, 0], 4 * batch["x"][:, 1] + batch["x"][:, 0])
        places.update(tuple(row) for row in batch["y"][:, 0, 0].tolist())
    assert places == {(0, 1), (1, 2), (2, 3), (1, 0), (2, 1), (3, 2)}


def test_labels_of_whole_images_and_none(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("0.png 5\n1.png\n")
    batch = reader(tmp_path, "label_type: IMAGE", "crop_size: 5").inputs(0)
    assert batch["y"][0, 0].tolist() == [[5] * 4 + [255]] * 2 + [[255] * 5] * 3
    assert batch["y"][1, 0, 0].tolist() == [0, 0, 0, 0, 255]
    assert (reader(tmp_path, "label_type: NONE ignore_label: 9").inputs(0)["y"] == 9).all()


def test_one_of_the_factors_scales_a_pair(tmp_path: Path) -> None:
    factors = "scale_factors: 0.5 scale_factors: 2 crop_height: 4 crop_width: 8"
    widths = set()
    for seed in range(9):
        batch = reader(tmp_path, transform=factors, phase="train", seed=seed).inputs(0)
        assert batch["dim"][0, 0, 0].tolist() == [2, 4]
        widths.update(int((row != 255).sum()) for row in batch["y"][:, 0, 0])
    assert widths == {2, 8}
    batch = reader(tmp_path, transform="scale_factors: 0.75").inputs(0)
    assert batch["y"][0, 0].tolist() == [[0, 1, 2]]  # 1.5 and 3, cut; to the nearest


def test_label_maps_are_resized_linearly_as_in_deeplab(tmp_path: Path) -> None:
    batch = reader(tmp_path, "label_type: PIXEL new_height: 1 new_width: 4 is_color: false").inputs(0)
    assert batch["x"].shape == (2, 1, 1, 4)
    assert batch["y"][0, 0].tolist() == [[2, 3, 4, 5]]
    assert batch["dim"][0, 0, 0].tolist() == [1, 4]


def windows(folder: Path, lines: str, more: str = "") -> dict[str, np.ndarray]:
    (folder / "list.txt").write_text(lines)
    return reader(folder, f"label_type: PIXEL {more}", "mean_value: 1", kind="WindowSegData").inputs(0)


def test_windows_hold_their_ends_and_reach_beyond_the_image(tmp_path: Path) -> None:
    """Beyond it pixels are 0 before the mean goes, labels ignore_label."""
    batch = windows(tmp_path, "0.png 0_label.png 1 0 3 1\n1.png 1_label.png -1 -1 1 0\n")
    assert batch["y"][0, 0].tolist() == [[1, 2, 3], [5, 6, 7]]
    assert batch["y"][1, 0].tolist() == [[255, 255, 255], [255, 0, 1]]
    assert batch["x"][1, 2].tolist() == [[-1, -1, -1], [-1, 9, 9]]
    assert batch["dim"][1, 0, 0].tolist() == [2, 3]  # the image's, bounded


def test_windows_are_resized_and_their_labels_to_the_nearest(tmp_path: Path) -> None:
    line = "0.png 0_label.png 0 0 3 1\n"
    batch = windows(tmp_path, line * 2, "new_height: 2 new_width: 2")
    assert batch["y"][0, 0].tolist() == [[0, 2], [4, 6]]
    assert batch["x"][0, 0].tolist() == [[0, 2], [0, 2]]  # columns 0.5 and 2.5, rounded up, less 1
    assert batch["dim"][0, 0, 0].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("0.png 0_label.png 0 0 3", "x1 y1 x2 y2"),
        ("0.png 0_label.png 0 0 a 1", "x1 y1 x2 y2"),
        ("0.png 0_label.png 2 0 1 1", "is empty"),
        ("0.png 0_label.png 0 0 2000000000 2000000000", "batch"),
    ],
)
def test_lines_without_a_window_are_refused(tmp_path: Path, lines: str, words: str) -> None:
    with pytest.raises(ConversionError, match=words):
        windows(tmp_path, lines)


@pytest.mark.parametrize(
    ("more", "transform", "lines", "words"),
    [
        ("label_type: PIXEL", "", "0.png", "line 1 is not 'image label', the label of type PIXEL"),
        ("", "", LINES, "label of type IMAGE"),
        ("label_type: PIXEL", "", "", "list is empty"),
        ("label_type: MAP", "", LINES, "NONE, IMAGE, PIXEL"),
        ("label_type: PIXEL", 'mean_file: "m"', LINES, "give mean_value"),
        ("label_type: PIXEL", "crop_size: 2 crop_height: 2 crop_width: 2", LINES, "stands beside crop_height"),
        ("label_type: PIXEL", "crop_height: 2", LINES, "go together"),
        ("label_type: PIXEL", "scale_factors: 0", LINES, "above 0"),
        ("label_type: PIXEL", "scale_factors: 1e9", LINES, "up to 1000"),
        ("label_type: PIXEL", "scale_factors: 0.1", LINES, "leave nothing"),
        ("label_type: PIXEL", "crop_size: 2000000000", LINES, "batch"),
        ("label_type: PIXEL rand_skip: 3", "", LINES, "the list has 2 images"),
        ("label_type: PIXEL batch_size: 0", "", LINES, "batch_size must be more than 0"),
        ("label_type: PIXEL", "", "0.png small.png", "make both of one size"),
        ("label_type: PIXEL", "", "0.png none.png", "cannot be read"),
        ("label_type: PIXEL", "", "0.png 0_label.png\nsmall.png small.png\n", "in a batch of"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, transform: str, lines: str, words: str) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "small.png")
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(ConversionError, match=words):
        reader(tmp_path, more, transform).inputs(0)


def test_a_net_takes_the_images_size_where_the_file_states_none(tmp_path: Path) -> None:
    reader(tmp_path)
    net = read_net(tmp_path / "net.prototxt", "train")
    assert unstated_shapes(net) == {"x": (2, 3, 2, 4), "y": (2, 1, 2, 4), "dim": (2, 1, 1, 2)}
