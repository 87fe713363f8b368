"""fyu's data layers: exactly what the fork answered, and the geometry by hand."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.data.bin_label_data import BinLabelData, BinLabelSettings
from converter.data.image_label_data import ImageLabelData, ImageLabelSettings, prepare
from converter.data.list_files import bin_header, read_bin, read_pairs
from converter.data.sampling import SampleOrder
from converter.data.transforms import LabelSlice, pad_reflect, pad_to_crop, rescale
from converter.errors import DatasetError
from tests.places import GOLDENS

DATA = GOLDENS / "nets" / "data"
VOC_MEAN = (102.93, 111.36, 116.52)
IN_ORDER = SampleOrder(3, shuffle=False)


def listed(first: str, second: str) -> list[tuple[str, str]]:
    return [(str(DATA / one), str(DATA / other)) for one, other in read_pairs(DATA / first, DATA / second)]


@pytest.mark.parametrize("case", ["case_a", "case_b", "case_c", "case_d"])
def test_images_and_labels_equal_the_forks(case: str) -> None:
    golden = np.load(DATA / f"{case}.npz")
    crop, margin, stride = (int(golden[name]) for name in ("crop", "margin", "stride"))
    kept = LabelSlice(golden["label"].shape[2:], (stride, stride), (margin, margin))
    settings = ImageLabelSettings(crop, kept, mean=VOC_MEAN, padding=str(golden["padding"]))
    data = ImageLabelData(listed("images.txt", "labels.txt"), settings, IN_ORDER)
    for item in range(3):
        picture, label = data[item]
        np.testing.assert_array_equal(picture, golden["data"][item])
        np.testing.assert_array_equal(label, golden["label"][item])


@pytest.mark.parametrize(("case", "slice_"), [("bin_e", None), ("bin_f", LabelSlice((5, 4), (2, 2), (0, 1)))])
def test_features_and_labels_equal_the_forks(case: str, slice_: LabelSlice | None) -> None:
    golden = np.load(DATA / f"{case}.npz")
    dim, stride = (tuple(int(size) for size in golden[name]) for name in ("label_dim", "label_stride"))
    settings = BinLabelSettings(LabelSlice(dim, stride), slice_, mirror=False)
    data = BinLabelData(listed("feats.txt", "labels.txt"), settings, IN_ORDER)
    for item in range(3):
        features, label = data[item]
        np.testing.assert_array_equal(features, golden["data"][item])
        np.testing.assert_array_equal(label, golden["label"][item])


def test_reflection_does_not_repeat_the_edge_and_bounces() -> None:
    label = np.zeros((1, 4), np.uint8)
    image = np.repeat(np.array([[10, 20, 30, 40]], np.uint8)[:, :, None], 3, axis=2)
    wide, _ = pad_reflect(image, label, (2, 3), (2, 5), "REFLECT")
    np.testing.assert_array_equal(wide[..., 0], [[30, 20, 10, 20, 30, 40, 30, 20, 10, 20, 30]] * 6)


def test_a_small_image_gets_the_odd_row_below_and_the_odd_column_left() -> None:
    label = np.arange(9, dtype=np.uint8).reshape(3, 3)
    image = np.repeat(label[:, :, None], 3, axis=2)
    image, label = pad_to_crop(image, label, 6, "ZERO")
    expected = np.full((6, 6), 255, np.uint8)
    expected[1:4, 2:5] = np.arange(9).reshape(3, 3)
    np.testing.assert_array_equal(label, expected)
    np.testing.assert_array_equal(image[..., 0], np.where(expected == 255, 0, expected))


def test_the_label_slice_samples_the_published_rows() -> None:
    rows, columns = LabelSlice((16, 16), (8, 8), (186, 186)).rows_and_columns()
    assert rows.tolist() == list(range(186, 307, 8))
    assert columns.tolist() == rows.tolist()


def test_labels_outside_the_map_are_ignored() -> None:
    label = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(LabelSlice((2, 3), (2, 2)).take(label), [[0, 2, 255], [255, 255, 255]])


def test_extension_reflects_images_and_ignores_labels() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    label = np.array([[1, 2], [3, 4]], np.uint8)
    wide, labels = pad_reflect(image, label, (1, 0), (0, 1), "REFLECT")
    np.testing.assert_array_equal(wide[..., 0], [[6, 9, 6], [0, 3, 0], [6, 9, 6]])
    np.testing.assert_array_equal(labels, [[255, 255, 255], [1, 2, 255], [3, 4, 255]])


def test_training_mirrors_image_and_labels_together() -> None:
    label = np.arange(64, dtype=np.uint8).reshape(8, 8)
    image = np.repeat(label[:, :, None], 3, axis=2)
    settings = ImageLabelSettings(8, LabelSlice((8, 8)), mirror=True, train=True)
    seen = set()
    for seed in range(20):
        picture, kept = prepare(image, label, settings, np.random.default_rng(seed))
        np.testing.assert_array_equal(picture[0], kept[0])
        seen.add("as it is" if kept[0, 0, 0] == 0 else "mirrored")
        np.testing.assert_array_equal(kept[0], label if kept[0, 0, 0] == 0 else label[:, ::-1])
    assert seen == {"as it is", "mirrored"}


def test_training_crops_reach_every_corner() -> None:
    label = np.arange(9, dtype=np.uint8).reshape(3, 3)
    image = np.zeros((3, 3, 3), np.uint8)
    settings = ImageLabelSettings(2, LabelSlice((2, 2)), train=True)
    corners = {int(prepare(image, label, settings, np.random.default_rng(seed))[1][0, 0, 0]) for seed in range(40)}
    assert corners == {0, 1, 3, 4}


def test_features_and_sliced_labels_are_mirrored_together(tmp_path: Path) -> None:
    features = np.arange(8, dtype="<f4").reshape(1, 2, 4)
    (tmp_path / "f.bin").write_bytes(bin_header((1, 2, 4)) + features.tobytes())
    Image.fromarray(np.arange(32, dtype=np.uint8).reshape(4, 8)).save(tmp_path / "l.png")
    pairs = [(str(tmp_path / "f.bin"), str(tmp_path / "l.png"))]
    data = BinLabelData(pairs, BinLabelSettings(LabelSlice((2, 4), (2, 2))), SampleOrder(1))
    seen = set()
    for position in range(20):
        map_, label = data[position]
        mirrored = map_[0, 0, 0] == 3
        seen.add(mirrored)
        np.testing.assert_array_equal(map_, features[..., ::-1] if mirrored else features)
        plain = np.array([[0, 2, 4, 6], [16, 18, 20, 22]])
        np.testing.assert_array_equal(label[0], plain[:, ::-1] if mirrored else plain)
    assert seen == {True, False}


def test_an_epoch_holds_every_item_once_and_epochs_differ() -> None:
    order = SampleOrder(50, seed=3)
    first, second = ([order.item(epoch * 50 + place) for place in range(50)] for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_the_order_goes_on_from_any_position() -> None:
    whole = SampleOrder(7, seed=1)
    expected = [whole.item(position) for position in range(30)]
    resumed = SampleOrder(7, seed=1)
    assert [resumed.item(position) for position in range(17, 30)] == expected[17:]
    assert [SampleOrder(7, seed=2).item(position) for position in range(30)] != expected


def test_a_positions_draws_are_of_a_stream_of_their_own_and_stay_from_version_to_version() -> None:
    """A run that goes on in a later version draws as it would have: (seed, 1, position), beside (seed, 0, epoch)."""
    order = SampleOrder(4, seed=3)
    assert order.draws(5).integers(10**9) == np.random.default_rng((3, 1, 5)).integers(10**9)
    assert [order.item(place) for place in range(4, 8)] == np.random.default_rng((3, 0, 1)).permutation(4).tolist()
    assert repr(order) == "SampleOrder(count=4, seed=3, shuffle=True)"


def test_scaling_down_averages_areas_and_takes_the_nearest_label() -> None:
    image = np.repeat(np.array([[0, 4], [8, 12]], np.uint8).repeat(2, 0).repeat(2, 1)[:, :, None], 3, 2)
    image[0, 0] = 4
    label = np.arange(16, dtype=np.uint8).reshape(4, 4)
    small, labels = rescale(image, label, 0.5)
    np.testing.assert_array_equal(small[..., 0], [[1, 4], [8, 12]])
    np.testing.assert_array_equal(labels, [[0, 2], [8, 10]])


def test_scaling_up_repeats_labels() -> None:
    label = np.array([[1, 2]], np.uint8)
    large, labels = rescale(np.zeros((1, 2, 3), np.uint8), label, 2.0)
    np.testing.assert_array_equal(labels, [[1, 1, 2, 2], [1, 1, 2, 2]])
    assert large.shape == (2, 4, 3)


def test_a_palette_label_file_trains_on_its_indices(tmp_path: Path) -> None:
    indices = np.array([[0, 1, 255], [20, 5, 2]], np.uint8)
    picture = Image.frombytes("P", (3, 2), indices.tobytes())
    picture.putpalette([value for index in range(256) for value in (index, 255 - index, 7)])
    picture.save(tmp_path / "label.png")
    Image.new("RGB", (3, 2)).save(tmp_path / "image.png")
    settings = ImageLabelSettings(2, LabelSlice((2, 2)))
    data = ImageLabelData([(str(tmp_path / "image.png"), str(tmp_path / "label.png"))], settings, SampleOrder(1))
    np.testing.assert_array_equal(data[0][1][0], indices[:, :2])


@pytest.mark.parametrize("cut", [0, 7, 15, 40, 83])
def test_a_feature_map_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    whole = bin_header((1, 4, 4)) + bytes(64)
    (tmp_path / "f.bin").write_bytes(whole[:cut])
    with pytest.raises(DatasetError, match=r"f\.bin"):
        read_bin(str(tmp_path / "f.bin"))


def test_a_float64_feature_map_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.bin").write_bytes(struct.pack("<iiiii", 6, 3, 1, 1, 1) + bytes(8))
    with pytest.raises(DatasetError, match="expected 5 "):
        read_bin(str(tmp_path / "f.bin"))


def test_lists_of_different_length_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two\nthree")
    (tmp_path / "b.txt").write_text("one\ntwo\n")
    with pytest.raises(DatasetError, match="2 names against 3"):
        read_pairs(tmp_path / "a.txt", tmp_path / "b.txt")


def test_a_label_slice_outside_the_crop_is_refused() -> None:
    with pytest.raises(DatasetError, match="ends at row 66"):
        ImageLabelSettings(64, LabelSlice((7, 7), (8, 8), (18, 18)))


def test_a_label_map_of_another_size_is_refused() -> None:
    settings = ImageLabelSettings(8, LabelSlice((1, 1)))
    data = ImageLabelData([(str(DATA / "im0.png"), str(DATA / "la1.png"))], settings, SampleOrder(1))
    with pytest.raises(DatasetError, match="90×37 labels for the 80×60 pixels"):
        data[0]
