"""Tiles against OpenCV's padding and hand arithmetic."""

import numpy as np
import pytest

from converter.data.reflection import reflect101
from converter.dilatednet.inference.tiles import crop_tile, tile_starts, tiles
from converter.errors import ShapeError


def padded_by_opencv(image: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Tiles made as the original makes them: padding, windows, and padding again, by OpenCV."""
    cv2 = pytest.importorskip("cv2")
    padded = cv2.copyMakeBorder(image[:, :, ::-1], 186, 186, 186, 186, cv2.BORDER_REFLECT_101)
    made = []
    for top in range(0, image.shape[0], size[0] - 372):
        for left in range(0, image.shape[1], size[1] - 372):
            part = padded[top : top + size[0], left : left + size[1]]
            missing = (0, size[0] - part.shape[0], 0, size[1] - part.shape[1])
            made.append(cv2.copyMakeBorder(part, *missing, cv2.BORDER_REFLECT_101))
    return made


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (2, 3), (97, 61), (300, 187), (41, 130), (60, 61)])
@pytest.mark.parametrize("size", [(432, 412), (380, 900)])
def test_tiles_are_opencvs_reflections_however_often_they_bounce(shape, size):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    ours = [crop_tile(image, tile, (0, 0, 0)) for tile in tiles(shape, size)]
    theirs = padded_by_opencv(image, size)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == (1, 3, *size)
        assert a.flags.c_contiguous
        assert np.array_equal(a[0].transpose(1, 2, 0), b)


def test_reflection_is_the_specs_example():
    row = np.array(list("abcd"))
    assert "".join(row[reflect101(np.arange(-2, 9), 4)]) == "cbabcdcbabc"
    assert reflect101(np.arange(-3, 3), 1).tolist() == [0] * 6


def test_the_mean_is_taken_off_in_float32_and_the_channels_are_turned():
    image = np.array([[[10, 20, 30]]], np.uint8)
    x = crop_tile(image, next(tiles((1, 1), (373, 373))), (102.93, 111.36, 116.52))
    expected = [np.float32(v) - np.float32(m) for v, m in ((30, 102.93), (20, 111.36), (10, 116.52))]
    assert x.dtype == np.float32
    assert x[0, :, 5, 5].tolist() == expected


def test_a_tile_no_larger_than_the_margins_is_refused():
    with pytest.raises(ShapeError, match="372"):
        list(tile_starts(10, 372))
