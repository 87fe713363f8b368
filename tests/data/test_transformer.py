"""Caffe's transform_param on one item by hand (data_transformer.cpp), and its defaults."""

from pathlib import Path

import numpy as np
import pytest

from converter.data.data_transformer import DataTransformer
from converter.errors import DatasetError, UnsupportedParameterError
from converter.net.reading import read_net

PLANES = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)
"""2 channels of 4 x 5: channel 1 is 20 more than channel 0."""


def applied(transformer: DataTransformer, seed: int = 0) -> np.ndarray:
    return transformer.apply(PLANES, np.random.default_rng(seed), "an item")


def test_nothing_stated_is_nothing_done() -> None:
    np.testing.assert_array_equal(applied(DataTransformer()), PLANES)
    assert applied(DataTransformer()).dtype == np.float32


def test_values_lose_the_mean_and_are_scaled_after() -> None:
    np.testing.assert_array_equal(applied(DataTransformer(scale=0.5, mean_values=(4,))), (PLANES - 4.0) / 2)


def test_means_belong_to_channels() -> None:
    found = applied(DataTransformer(mean_values=(0, 20)))
    np.testing.assert_array_equal(found[1], found[0])


def test_the_test_phase_crops_the_center_rounded_down() -> None:
    """(4 - 3) // 2 = 0 rows, (5 - 3) // 2 = 1 column."""
    np.testing.assert_array_equal(applied(DataTransformer(crop=3)), PLANES[:, 0:3, 1:4])


def test_the_mean_image_is_cropped_with_the_item() -> None:
    mean = PLANES.astype(np.float32) - 1
    np.testing.assert_array_equal(applied(DataTransformer(crop=3, mean=mean, train=True)), np.ones((2, 3, 3)))


def test_a_training_crop_reaches_the_first_and_the_last_row_and_column() -> None:
    """Rows begin at 0 or 1, columns at 0, 1 or 2: 6 windows, told by their first value 5 r + c."""
    transformer = DataTransformer(crop=3, train=True)
    seen = {int(applied(transformer, seed)[0, 0, 0]) for seed in range(60)}
    assert seen == {0, 1, 2, 5, 6, 7}


@pytest.mark.parametrize("train", [True, False])
def test_mirroring_turns_columns_in_half_of_the_items_in_both_phases(train: bool) -> None:
    seen = set()
    for seed in range(20):
        mirrored = bool(np.random.default_rng(seed).integers(2))
        seen.add(mirrored)
        expected = PLANES[:, :, ::-1] if mirrored else PLANES
        np.testing.assert_array_equal(applied(DataTransformer(mirror=True, train=train), seed), expected)
    assert seen == {True, False}


@pytest.mark.parametrize("crop", [4, 5])
def test_a_crop_larger_than_the_item_is_refused_and_one_as_large_is_not(crop: int) -> None:
    if crop == 4:
        assert applied(DataTransformer(crop=crop)).shape == (2, 4, 4)
    else:
        with pytest.raises(DatasetError, match="smaller than crop_size 5"):
            applied(DataTransformer(crop=crop))


def test_a_mean_of_another_shape_or_count_is_refused() -> None:
    with pytest.raises(DatasetError, match="make the mean of such images"):
        applied(DataTransformer(mean=np.zeros((2, 4, 4), np.float32)))
    with pytest.raises(DatasetError, match="2 channels and 3 mean_value"):
        applied(DataTransformer(mean_values=(1, 2, 3)))


def stated(folder: Path, words: str, phase: str = "test") -> DataTransformer:
    text = f'layer {{ name: "d" type: "Data" top: "x" transform_param {{ {words} }} }}'
    (folder / "net.prototxt").write_text(text)
    return DataTransformer.of(read_net(folder / "net.prototxt", phase).layers[0])


def test_defaults_are_caffes(tmp_path: Path) -> None:
    """caffe.proto, TransformationParameter: scale 1, mirror false, crop_size 0."""
    found = stated(tmp_path, "")
    assert (found.scale, found.crop, found.mirror, found.train, found.mean_values) == (1.0, 0, False, False, ())
    assert found.mean is None


def test_fields_are_read(tmp_path: Path) -> None:
    found = stated(tmp_path, "scale: 0.5 crop_size: 3 mirror: true mean_value: 1 mean_value: 2", "train")
    assert (found.scale, found.crop, found.mirror, found.train, found.mean_values) == (0.5, 3, True, True, (1, 2))


def test_a_mean_file_beside_mean_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedParameterError, match="stands beside mean_value"):
        stated(tmp_path, 'mean_value: 1 mean_file: "mean.binaryproto"')
