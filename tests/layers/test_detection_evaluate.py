"""DetectionEvaluate by hand, with a file of the images' sizes, and what it refuses.

No fork's code could be run: the values follow from src/caffe/layers/detection_evaluate_layer.cpp of SSD's fork.
"""

import numpy as np
import pytest

import converter
import reference
from converter.errors import ShapeError, UnsupportedParameterError
from converter.plan.plan import build_plan
from tests.layers.one_layer import run

HALF = [0.0, 0.0, 0.5, 0.5]
FOUND = np.array([[[[0, 1, 0.5, *HALF], [0, 1, 0.75, *HALF], [0, 2, 0.25, *HALF], [1, 1, 0.5, *HALF]]]])
TRUE = np.array([[[[0, 1, 0, *HALF, 0], [0, 1, 0, 0, 0, 1, 1, 1], [1, 2, 0, *HALF, 0]]]])
BODY = 'type: "DetectionEvaluate" detection_evaluate_param {{ num_classes: 3 {} }}'


def test_the_first_to_hit_a_box_counts_and_the_second_does_not(build):
    (rows,) = run(build, BODY.format("evaluate_difficult_gt: false"), FOUND, TRUE)
    counts = [[-1, 1, 1, -1, -1], [-1, 2, 1, -1, -1]]
    marks = [[0, 1, 0.75, 1, 0], [0, 1, 0.5, 0, 1], [0, 2, 0.25, 0, 1], [1, 1, 0.5, 0, 1]]
    assert rows.tolist() == [[counts + marks]]


def test_a_difficult_box_makes_neither_hit_nor_miss(build):
    """Fractions 0.9 x 0.9 overlap the whole image by 0.81 and the half by 0.25 / 0.81."""
    found = np.array([[[[0, 1, 0.5, 0, 0, 0.9, 0.9]]]])
    (rows,) = run(build, BODY.format("evaluate_difficult_gt: false"), found, TRUE)
    assert rows[0, 0, -1].tolist() == [0, 1, 0.5, 0, 0]


def test_sizes_make_overlaps_of_pixels(build, tmp_path):
    """On 4 x 2 pixels (0, 0, 1/4, 1/2) has 2 x 2 pixels with its border, (0, 0, 1/2, 1/2) 3 x 2: 4 / 6 of them.

    As fractions the overlap is 1/2. The second image has 8 x 2 pixels: 3 x 2 of 5 x 2.
    """
    (tmp_path / "sizes.txt").write_text("a 2 4\nb 2 8\n")
    quarter = [0, 0, 0.25, 0.5]
    found = np.array([[[[0, 1, 0.5, *quarter], [1, 1, 0.5, *quarter]]]])
    true = np.array([[[[0, 1, 0, *HALF, 0], [1, 1, 0, *HALF, 0]]]])
    body = BODY.format('overlap_threshold: 0.65 name_size_file: "sizes.txt"')
    (rows,) = run(build, body, found, true)
    assert rows[0, 0, -2:, 3:].tolist() == [[1, 0], [0, 1]]
    oracle = reference.run(tmp_path / "net.prototxt", None, {"x0": found, "x1": true})
    np.testing.assert_array_equal(oracle["y0"], rows)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("overlap_threshold: 0", "expected a number above 0"),
        ('name_size_file: "none.txt"', "delete the field"),
        ('name_size_file: "../none.txt"', "does not lie below"),
        ("resize_param { }", "no layer read it"),
    ],
)
def test_what_cannot_be_honored_is_refused(build, fields, complaint):
    with pytest.raises(UnsupportedParameterError, match=complaint):
        run(build, BODY.format(fields), FOUND, TRUE)


def test_other_shapes_and_boxes_of_the_background_are_refused(build):
    with pytest.raises(ShapeError, match="boxes, 7"):
        run(build, BODY.format(""), FOUND[..., :6], TRUE)
    with pytest.raises(ShapeError, match="background's label 2"):
        run(build, BODY.format("background_label_id: 2"), FOUND, TRUE)


@pytest.mark.parametrize(("label", "rows"), [(0, 2 + 4), (2, 2 + 4), (3, 3 + 4), (-1, 3 + 4)])
def test_a_row_a_class_but_the_background_and_a_row_a_detection(build, tmp_path, label: int, rows: int):
    build(
        BODY.format(f"background_label_id: {label}") + ' bottom: "x0" bottom: "x1" top: "y"',
        {"x0": FOUND.shape, "x1": TRUE.shape},
    )
    assert build_plan(converter.read_net(tmp_path / "net.prototxt")).shapes["y"] == (1, 1, rows, 5)
