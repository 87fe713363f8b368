"""HED's data layer on files made here: edges of 0 and 1, cropped and mirrored with their images; values by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.caffe_layers import LayerReader, layer_data
from converter.errors import ConversionError, ShapeError
from converter.net.reading import read_net


def reader(folder: Path, more: str = "", transform: str = "", phase: str = "test", seed: int = 0) -> LayerReader:
    """Two pairs of 2 × 4: the image's red is 10 × its number, green the row, blue the column; an edge in column 2."""
    rows, columns = np.indices((2, 4))
    for number in range(2):
        pixels = np.stack([np.full((2, 4), 10 * number), rows, columns], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        edges = np.array([[0, 127, 128, 0], [1, 0, 255, 126]], np.uint8)
        Image.fromarray(edges).save(folder / f"{number}_edges.png")
    if not (folder / "list.txt").exists():
        (folder / "list.txt").write_text("0.png 0_edges.png\n1.png 1_edges.png\n")
    (folder / "net.prototxt").write_text(f"""layer {{ name: "d" type: "ImageLabelmapData" top: "x" top: "y"
      transform_param {{ {transform} }}
      image_data_param {{ source: "list.txt" root_folder: "{folder}/" batch_size: 2 {more} }} }}""")
    return layer_data(read_net(folder / "net.prototxt", phase).layers[0], seed)


def test_edge_maps_are_rounded_to_0_and_1(tmp_path: Path) -> None:
    found = reader(tmp_path, transform="mean_value: 1 mean_value: 2 mean_value: 3 scale: 2")
    assert found.shapes() == {"x": (2, 3, 2, 4), "y": (2, 1, 2, 4)}
    batch = found.inputs(0)
    assert batch["x"].dtype == batch["y"].dtype == np.float32
    assert batch["x"][1, :, 1, 3].tolist() == [4, -2, 14]  # blue 3 - 1, green 1 - 2, red 10 - 3, doubled
    assert batch["y"][0, 0].tolist() == batch["y"][1, 0].tolist() == [[0, 0, 1, 0], [0, 0, 1, 0]]


def test_edge_maps_are_resized_linearly_before_they_are_rounded(tmp_path: Path) -> None:
    batch = reader(tmp_path, "new_height: 2 new_width: 2 is_color: false").inputs(0)
    assert batch["x"].shape == (2, 1, 2, 2)
    assert batch["y"][0, 0].tolist() == [[0, 0], [0, 1]]  # means of two columns: 63.5 and 64; 0.5 and 190.5


@pytest.mark.parametrize("phase", ["train", "test"])
def test_pairs_are_cropped_and_mirrored_together_in_every_phase(tmp_path: Path, phase: str) -> None:
    places = set()
    for seed in range(30):
        batch = reader(tmp_path, transform="crop_size: 2 mirror: true", phase=phase, seed=seed).inputs(0)
        assert batch["x"].shape == (2, 3, 2, 2) and batch["y"].shape == (2, 1, 2, 2)
        np.testing.assert_array_equal(batch["y"][:, 0], batch["x"][:, 0] == 2)
        places.update(tuple(columns) for columns in batch["x"][:, 0, 0].tolist())
    assert places == {(0, 1), (1, 2), (2, 3), (1, 0), (2, 1), (3, 2)}


@pytest.mark.parametrize(
    ("more", "transform", "lines", "words"),
    [
        ("new_height: 3", "", "", "new_width go together"),
        ("", "crop_size: 3", "", "smaller than crop_size 3"),
        ("rand_skip: 3", "", "", "the list has 2 images"),
        ("", "", "0.png", "1 words; expected 'image label' a line"),
        ("new_height: 2 new_width: 2", "", "0.png small.png", "make both of one size"),
        ("", "", "0.png none.png", "cannot be read"),
        ("", "", "0.png 0_edges.png small.png small.png", "in a batch of"),
        ("batch_size: 0", "", "", "batch_size must be more than 0"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, transform: str, lines: str, words: str) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "small.png")
    if lines:
        (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(ConversionError, match=words):
        reader(tmp_path, more, transform).inputs(0)


def test_a_batch_beyond_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="batch"):
        reader(tmp_path, "batch_size: 2000000000").inputs(0)
