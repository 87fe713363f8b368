"""EvalDetection by hand; intel/caffe could not be run: values follow from eval_detection_layer.cpp."""

import math

import numpy as np
import pytest

from converter.errors import ConversionError
from tests.layers.one_layer import run

BODY = (
    'type: "EvalDetection" eval_detection_param {{ side: 1 num_class: 2 num_object: 5 nms: 0.5 {} '
    + " ".join(f"biases: {bias}" for bias in (1, 1, 0.5, 1, 1, 1, 0.25, 0.25, 0.5, 0.5))
    + " }}"
)
NEVER = -20.0


def grid(*objectness: float, second: tuple[int, ...] = ()) -> np.ndarray:
    """One cell: all boxes in its middle, of their anchors' sizes and class 0, or 1 (those in `second`), by 3 to 1."""
    values = np.zeros((5, 7))
    values[:, 4] = objectness
    for n in range(5):
        values[n, 6 if n in second else 5] = math.log(3)
    return values.reshape(1, 35, 1, 1)


def truth(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(1, 1, -1, 8)


WHOLE = [0, 1, 0, 0, 0, 1, 1, 0]


def test_hits_misses_and_neither(build):
    """Scores 3/4 sigmoid. Box 1 overlaps box 0 by 1/2 and goes, box 2 by 1. Box 3, of 1/16, is the smaller of both."""
    (top,) = run(build, BODY.format(""), grid(0, -1, -1, -2, NEVER), truth(WHOLE, [0, 2, 0, 0, 0, 0.5, 0.5, 0]))
    assert top.shape == (1, 2 + 20)
    sure, little = 0.75 / 2, 0.75 / (1 + math.exp(2))
    # box 0 hits the whole; box 3 overlaps it too little to be hit or miss
    assert top[0, :10].tolist() == pytest.approx([1, 1, 0, sure, 1, 0, 0, little, 0, 0])
    assert not top[0, 10:].any()


def test_a_class_without_true_boxes_and_a_box_that_was_hit_before_miss(build):
    """Box 3 is of class 1, which has no true box; with nms 1.5 box 2 stays too, and its true box was hit by box 0."""
    body = BODY.format("score_type: OBJ").replace("nms: 0.5", "nms: 1.5")
    (top,) = run(build, body, grid(1, NEVER, 0, -1, NEVER, second=(3,)), truth(WHOLE))
    scores = [1 / (1 + math.exp(-value)) for value in (1, 0, -1)]
    assert top[0, :2].tolist() == [1, 0]
    assert top[0, 2:14].tolist() == pytest.approx([0, scores[0], 1, 0, 0, scores[1], 0, 1, 1, scores[2], 0, 1])


def test_without_suppression_no_box_is_told_and_other_items_do_not_count(build):
    body = BODY.format("").replace("nms: 0.5", "")
    (top,) = run(build, body, grid(0, 0, 0, 0, 0), truth(WHOLE, [1, 1, 0, 0, 0, 1, 1, 0], [-1] * 8))
    assert top[0, 0] == 1
    assert not top[0, 1:].any()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("num_object: 5", "num_object: 4"), "num_object is 4.*expected 5"),
        (("biases: 0.25", ""), "biases is given 8 times"),
        (("side: 1", "side: 2"), r"expected \(n, 35, 2, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(build, change, complaint):
    with pytest.raises(ConversionError, match=complaint):
        run(build, BODY.format("").replace(*change), grid(0, 0, 0, 0, 0), truth(WHOLE))


def test_a_true_box_of_no_class_is_an_error(build):
    with pytest.raises(ConversionError, match="true boxes of classes 3 to 3; expected 1 to 2"):
        run(build, BODY.format(""), grid(0, 0, 0, 0, 0), truth([0, 3, 0, 0, 0, 1, 1, 0]))
