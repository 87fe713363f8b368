"""SegData layers of two forks on files made here: windows, scales, labels beyond the image; values by hand.

No fork's code could be run: values follow from the sources that `converter.data.seg_data` names.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_layers import LayerReader, layer_data, unstated_shapes
from converter.data.seg_data import SegWindow
from converter.errors import ConversionError
from converter.net.reading import read_net


def write(folder: Path) -> None:
    """Two pairs of 2 × 4: red is 10 × the pair's number, green the row, blue the column; labels 1 + 4 row + column."""
    rows, columns = np.indices((2, 4))
    for number in range(2):
        pixels = np.stack([np.full((2, 4), 10 * number), rows, columns], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        Image.fromarray((1 + 4 * rows + columns).astype(np.uint8)).save(folder / f"{number}_label.png")
    if not (folder / "list.txt").exists():
        (folder / "list.txt").write_text("/0.png /0_label.png\n/1.png /1_label.png\n")


def reader(folder: Path, more: str = "", transform: str = "", phase: str = "test", seed: int = 0) -> LayerReader:
    write(folder)
    (folder / "net.prototxt").write_text(f"""layer {{ name: "d" type: "SegData" top: "x" top: "y"
      transform_param {{ {transform} }}
      seg_data_param {{ source: "list.txt" root_dir: "{folder}" {more} }} }}""")
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0], seed)


def test_a_whole_image_is_less_its_mean_and_scaled(tmp_path: Path) -> None:
    found = reader(tmp_path, transform="mean_value: 1 mean_value: 2 mean_value: 3 scale: 2")
    assert found.shapes() == {"x": (1, 3, 2, 4), "y": (1, 1, 2, 4)}
    batch = found.inputs(1)
    assert batch["x"].dtype == batch["y"].dtype == np.float32
    assert batch["x"][0, :, 1, 3].tolist() == [4, -2, 14]  # blue 3 - 1, green 1 - 2, red 10 - 3, doubled
    assert batch["y"][0, 0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


@pytest.mark.parametrize("phase", ["train", "test"])
def test_windows_reach_beyond_the_image_where_they_are_larger(tmp_path: Path, phase: str) -> None:
    """3 × 3 of 2 × 4: of one row beyond, images are 0 (their mean is), labels ignore_label."""
    seen = set()
    for seed in range(30):
        transform = "crop_size: 3 mirror: true ignore_label: 99 mean_value: 50"
        batch = reader(tmp_path, "batch_size: 2", transform, phase, seed).inputs(0)
        for image, labels in zip(batch["x"], batch["y"][:, 0], strict=True):
            (beyond,) = np.flatnonzero(labels[:, 0] == 99)
            assert beyond in (0, 2) and (labels[beyond] == 99).all() and not image[:, beyond].any()
            kept = [row for row in range(3) if row != beyond]
            np.testing.assert_array_equal(labels[kept], 1 + 4 * (image[1, kept] + 50) + image[0, kept] + 50)
            seen.add((int(beyond), *labels[kept[0]].astype(int).tolist()))
    assert seen == {(row, *way) for row in (0, 2) for way in ((1, 2, 3), (2, 3, 4), (3, 2, 1), (4, 3, 2))}


def test_sizes_are_scaled_rounded_down_to_the_stride_and_bounded(tmp_path: Path) -> None:
    assert reader(tmp_path, transform="scale_ratios: 2 scale_ratios: 2").shapes()["y"] == (1, 1, 4, 8)
    assert reader(tmp_path, transform="scale_ratios: 1.75 scale_ratios: 1.75 stride: 3").shapes()["y"] == (1, 1, 3, 6)
    assert reader(tmp_path, transform="upper_size: 3").shapes()["x"] == (1, 3, 2, 3)
    assert reader(tmp_path, transform="upper_height: 1 upper_width: 2").shapes()["x"] == (1, 3, 1, 2)
    assert reader(tmp_path, transform="crop_height: 5 crop_width: 1").shapes()["x"] == (1, 3, 5, 1)


def test_labels_are_scaled_to_the_nearest_and_images_linearly(tmp_path: Path) -> None:
    batch = reader(tmp_path, transform="scale_ratios: 0.5 scale_ratios: 0.5").inputs(0)
    assert batch["y"][0, 0].tolist() == [[1, 3]]
    assert batch["x"][0, :2, 0].tolist() == [[1, 3], [1, 1]]  # columns 0.5 and 2.5, rows 0.5: rounded up


def test_scales_are_drawn_in_thousandths_of_both_ends() -> None:
    window, draws = SegWindow(scales=(1.0, 1.002)), np.random.default_rng(0)
    assert {window.scaled((1000, 10), draws) for _ in range(60)} == {(1000, 10), (1001, 10), (1002, 10)}


def test_balance_draws_again_while_one_label_takes_more_than_four_fifths(tmp_path: Path) -> None:
    """Of a row of nine 7s and one 8, a window of two columns with the 8 is drawn at last nearly always."""
    write(tmp_path)
    Image.new("RGB", (10, 1)).save(tmp_path / "0.png")
    Image.fromarray(np.array([[7] * 9 + [8]], np.uint8)).save(tmp_path / "0_label.png")

    def of(more: str) -> int:
        count = 0
        for seed in range(40):
            body = f'seg_data_param {{ source: "list.txt" root_dir: "{tmp_path}" {more} }}'
            text = f'layer {{ name: "d" type: "SegData" top: "x" top: "y" {body} transform_param {{ {CUT} }} }}'
            (tmp_path / "net.prototxt").write_text(text)
            labels = layer_data(read_net(tmp_path / "net.prototxt", "train").layers[0], seed).inputs(0)["y"]
            count += int((labels == 8).any())
        return count

    assert 1 <= of("") <= 12 < 20 <= of("balance: true")  # 1 in 9, against 1 - (8/9)^11 of 73 %


CUT = "crop_height: 1 crop_width: 2"


def names(folder: Path, more: str) -> LayerReader:
    write(folder)
    for number in range(2):
        Image.open(folder / f"{number}.png").save(folder / f"i_{number}.jpg", format="PNG")
        Image.open(folder / f"{number}_label.png").save(folder / f"l_{number}.png")
    (folder / "names.txt").write_text("0\n1\n")
    (folder / "net.prototxt").write_text(f"""layer {{ name: "d" type: "SegData" top: "x" top: "y"
      seg_data_param {{ source: "names.txt" image_root_folder: "{folder}/i_" label_root_folder: "{folder}/l_"
        batch_size: 2 shuffle: false {more} }} }}""")
    return layer_data(read_net(folder / "net.prototxt", "train").layers[0], 0)


def test_named_images_are_resized_to_the_tops(tmp_path: Path) -> None:
    size = "crop_size: 2 new_height: 2 new_width: 2"
    batch = names(tmp_path, f"{size} scale: 2 mean_value: 1").inputs(0)
    assert batch["y"][1, 0].tolist() == [[1, 3], [5, 7]]
    assert batch["x"][1].tolist() == [[[0, 4], [0, 4]], [[-2, -2], [0, 0]], [[18, 18], [18, 18]]]
    ways = {tuple(names(tmp_path, f"{size} mirror: true").inputs(number)["y"][0, 0, 0].tolist()) for number in range(9)}
    assert ways == {(1, 3), (3, 1)}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("crop_size: 2", "pixels for tops of crop_size 2"),
        ("", "crop_size is missing"),
        ("crop_size: 2 new_height: 2 new_width: 4", "is not new_height and new_width"),
        ("crop_size: 2 new_height: 2", "go together"),
    ],
)
def test_named_images_have_to_have_the_tops_size(tmp_path: Path, more: str, words: str) -> None:
    with pytest.raises(ConversionError, match=words):
        names(tmp_path, more).inputs(0)


@pytest.mark.parametrize(
    ("more", "transform", "lines", "words"),
    [
        ("batch_size: 2", "", "", "2 without a crop; set crop_size"),
        ("batch_size: 0", "", "", "batch_size must be more than 0"),
        ("", "stride: 0", "", "stride is 0"),
        ("", "stride: 3", "", "leave nothing at stride 3"),
        ("", "upper_size: -1", "", "leave nothing"),
        ("", "scale_ratios: 0.01 scale_ratios: 0.01", "", "leave nothing"),
        ("", "scale_ratios: 2 scale_ratios: 1", "", "the smaller first"),
        ("", "scale_ratios: 1 scale_ratios: 1e30", "", "up to 1000"),
        ("", "rand_rotate: -10 rand_rotate: 10", "", "rand_rotate is not done"),
        ("", "gaussian_blur: true", "", "gaussian_blur is not done"),
        ("", 'mean_file: "m"', "", "mean_file is not done"),
        ("", "crop_height: 2", "", "go together"),
        ("", "mean_value: 1 mean_value: 2", "", "2 mean_value"),
        ("batch_size: 4000", "crop_size: 2000000000", "", "batch"),
        ("", "", "/0.png", "1 words"),
        ("", "", "/0.png /small.png", "make both of one size"),
        ("", "", "/0.png /none.png", "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, transform: str, lines: str, words: str) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "small.png")
    if lines:
        (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(ConversionError, match=words):
        reader(tmp_path, more, transform).inputs(0)


def test_a_database_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "d" type: "SegData" top: "x" top: "y" data_param { batch_size: 1 } }'
    )
    with pytest.raises(ConversionError, match="no reader for its database"):
        layer_data(read_net(tmp_path / "net.prototxt", "train").layers[0])


def test_a_net_takes_the_images_size_where_the_file_states_none(tmp_path: Path) -> None:
    reader(tmp_path)
    net = read_net(tmp_path / "net.prototxt", "train")
    assert unstated_shapes(net) == {"x": (1, 3, 2, 4), "y": (1, 1, 2, 4)}
