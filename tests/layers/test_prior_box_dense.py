"""FaceBoxes' PriorBox by hand, from zihaozhang9's prior_box_layer.cpp."""

import numpy as np
import pytest

from converter.errors import UnsupportedParameterError
from tests.layers.one_layer import run

BODY = 'type: "PriorBox" prior_box_param { %s step: 10 variance: 0.1 }'
BOTTOMS = np.zeros((1, 1, 1, 1)), np.zeros((1, 3, 20, 40))


def boxes(build, fields: str) -> list[list[float]]:
    """The one cell's, around (5, 5), in pixels of an image 40 wide and 20 high."""
    (priors,) = run(build, BODY % fields, *BOTTOMS)
    found: list[list[float]] = (priors[0, 0].reshape(-1, 4) * [40, 20, 40, 20]).tolist()
    return found


def test_density_2_is_four_boxes_a_half_size_apart_and_none_begins_before_the_image(build):
    """Size 8 is 4 apart: centers 3 and 7 either way; those at 3 reach to -1, which becomes 0."""
    found = boxes(build, "fixed_size: 8 density: 2")
    assert np.allclose(found, [[0, 0, 7, 7], [3, 0, 11, 7], [0, 3, 7, 11], [3, 3, 11, 11]], atol=1e-5)


def test_odd_sizes_are_divided_as_whole_numbers(build):
    """7 / 2 is 3: centers 5 - 3 + 1.5 and 3 more, 3.5 and 6.5."""
    found = boxes(build, "fixed_size: 7 density: 2")
    assert np.allclose(found[3], [3, 3, 10, 10], atol=1e-5)


def test_each_size_has_its_density_then_its_aspect_ratios(build):
    """Ratio 4 is twice as wide and half as high; no 1/4 with flip off. What ends behind the image ends with it."""
    found = boxes(build, "fixed_size: 4 fixed_size: 30 density: 1 density: 1 aspect_ratio: 4 flip: false")
    wide = [[1, 4, 9, 6], [0, -2.5, 35, 12.5]]
    wanted = [[3, 3, 7, 7], wide[0], [0, 0, 20, 20], [0, 0, 35, 12.5]]
    assert np.allclose(found, wanted, atol=1e-5)


def test_a_fixed_ratio_replaces_the_square(build):
    assert np.allclose(boxes(build, "fixed_size: 4 density: 1 fixed_ratio: 4"), [[1, 4, 9, 6]], atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ("fixed_size: 8", "density"),
        ("fixed_size: 8 density: 0.5", "density"),
        ("fixed_size: 8 density: inf", "density"),
        ("fixed_size: 8 density: 1e9", "density"),
        ("fixed_size: 8 density: 999 fixed_size: 8 density: 2", "density"),
        ("fixed_size: 8 density: 1 density: 2", "density"),
        ("fixed_size: -8 density: 1", "fixed_size"),
        ("fixed_size: 8 density: 1 min_size: 4", "min_size"),
        ("fixed_size: 8 density: 1 max_size: 4", "max_size"),
        ("fixed_size: 8 density: 1 fixed_ratio: 2 aspect_ratio: 2", "fixed_ratio"),
        ("fixed_size: 8 density: 1 fixed_ratio: 2 fixed_ratio: 3", "fixed_ratio"),
        ("min_size: 8 density: 2", "density"),
    ],
)
def test_what_the_original_refuses_or_has_no_room_for_is_refused(build, fields, word):
    with pytest.raises(UnsupportedParameterError, match=word):
        boxes(build, fields)
