"""DetectionLoss and EvalDetection of YOLO's first version by hand; yeahkun/caffe-yolo could not be run.

Values follow from src/caffe/layers/detection_loss_layer.cpp and eval_detection_layer.cpp.
"""

import math

import numpy as np
import pytest
import torch

from converter.errors import ConversionError, ShapeError
from tests.layers.one_layer import run

LOSS = 'type: "DetectionLoss" detection_loss_param {{ side: {} num_class: 2 num_object: 2 {} }}'
PLAIN = "side: 1 num_class: 2 num_object: 2 sqrt: false constriant: false"
EVAL = f'type: "EvalDetection" eval_detection_param {{{{ {PLAIN} {{}} }}}}'

CELL = [0.5, 0.25, 0.5, 0.75, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.5]
"""Two classes, two objectnesses, two boxes of half a side: in the middle, and above and to the left of it."""

TRUE = [0, 1, 1, 0.5, 0.5, 0.5, 1]
"""An object of class 1 in the middle, as wide as both boxes and twice as high: it overlaps the first by 1/2."""


def row(values: list[float]) -> np.ndarray:
    return np.array([values], np.float64)


def test_the_loss_of_one_cell(build):
    """Classes 1/4 + 9/16; box 0, which overlaps more, 5 · 1/4 by its height; objectness 1/4; 0.5 · 9/16 of box 1."""
    (loss,) = run(build, LOSS.format(1, "sqrt: false"), row(CELL), row(TRUE))
    assert loss == pytest.approx((13 / 16 + 5 / 4 + 1 / 4) + 0.5 * 9 / 16)
    scales = "sqrt: false object_scale: 2 noobject_scale: 3 class_scale: 4 coord_scale: 6"
    (loss,) = run(build, LOSS.format(1, scales), row(CELL), row(TRUE))
    assert loss == pytest.approx((4 * 13 / 16 + 6 / 4 + 2 / 4) + 3 * 9 / 16)


def test_the_gradient_has_the_overlap_in_the_place_of_1(build):
    net = build(f'{LOSS.format(1, "sqrt: false")} bottom: "x" bottom: "t" top: "y"', {"x": (2, 12), "t": (2, 7)})
    x = torch.tensor([CELL, CELL], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([TRUE, [0.0] * 7], dtype=torch.float64)
    net.double().blobs(x=x, t=labels)["y"].backward()
    of_object = [0.5, -0.75, 0.5 - 0.5, 0.5 * 0.75, 0, 0, 0, 5 * -0.5, 0, 0, 0, 0]
    of_nothing = [0, 0, 0.25, 0.375] + [0] * 8
    np.testing.assert_allclose(x.grad.numpy(), np.array([of_object, of_nothing]) / 2, atol=1e-12)


def test_without_overlap_the_nearest_box_stands_for_the_true_one(build):
    """Of no size, in the corner: box 0 lacks 1/2 four times, box 1 more; 5 · 4 · 1/4."""
    true = [0, 1, 1, 1, 1, 0, 0]
    (loss,) = run(build, LOSS.format(1, "sqrt: false"), row(CELL), row(true))
    assert loss == pytest.approx((13 / 16 + 5 * 1 + 1 / 4) + 0.5 * 9 / 16)


def test_places_within_cells_and_roots_of_sizes(build):
    """In cell 2 of four (row 1, column 0) 0.25, 0.75 are the cell's middle; a root of 1/2 is 1/4 wide: all is met."""
    x = np.zeros((12, 4))
    x[1, 2], x[2, 2] = 1, 1
    x[4:8, 2] = 0.5
    labels = np.zeros(28)
    labels[4 + 2], labels[8 + 2] = 1, 1
    labels[12 + 8 : 12 + 12] = [0.25, 0.75, 0.25, 0.25]
    (loss,) = run(build, LOSS.format(2, "constriant: true"), x.reshape(1, 48), labels[None])
    assert loss == 0
    (loss,) = run(build, LOSS.format(2, "constriant: true"), x.reshape(1, 12, 2, 2), labels[None])
    assert loss == 0


def test_without_objects_the_loss_is_no_number(build):
    assert math.isnan(run(build, LOSS.format(1, ""), row(CELL), row([0.0] * 7))[0])


def marks(build, fields: str, *true: list[float], values: list[float] = CELL) -> list[float]:
    return run(build, EVAL.format(fields), row(values), row(*true))[0][0].tolist()


def test_a_hit_and_a_miss(build):
    """The cell's class is 0; box 1 scores more, 0.5 · 0.75, and overlaps the true one by 1/16 of 7/16."""
    true = [0, 1, 0, 0.5, 0.5, 0.5, 0.5]
    assert marks(build, "", true) == [1, 0, 0, 0.375, 0, 1, 0, 0.25, 1, 0]
    assert marks(build, "threshold: 0.125", true) == [1, 0, 0, 0.375, 1, 0, 0, 0.25, 0, 1]  # hit before


def test_suppression_scores_and_other_classes(build):
    """With 1/7 box 0 goes; of class 1 there is nothing; scores are the objectness or the class's."""
    true = [0, 1, 1, 0.5, 0.5, 0.5, 0.5]
    assert marks(build, "nms: 0.14", true) == [0, 1, 0, 0.375, 0, 1, 0, 0, 0, 0]
    assert marks(build, "nms: 0.15 score_type: OBJ", true) == [0, 1, 0, 0.75, 0, 1, 0, 0.5, 0, 1]
    assert marks(build, "score_type: PROB", true)[2:10] == [0, 0.5, 0, 1, 0, 0.5, 0, 1]


def test_a_difficult_box_is_not_counted_and_what_hits_it_is_neither(build):
    assert marks(build, "", [1, 1, 0, 0.5, 0.5, 0.5, 0.5]) == [0, 0, 0, 0.375, 0, 1, 0, 0.25, 0, 0]


@pytest.mark.parametrize(
    ("body", "x", "labels", "complaint"),
    [
        (LOSS.format(1, ""), row([*CELL, 0]), row(TRUE), "expected .n, 12. and .n, 7"),
        (LOSS.format(1, ""), row(CELL), row([*TRUE, 0]), "of 2 classes and 2 boxes"),
        (LOSS.format(1, "num_object: 0"), row(CELL), row(TRUE), "0 boxes"),
        (LOSS.format(1, ""), row(CELL), row([0, 1, 2, 0.5, 0.5, 0.5, 0.5]), "class 2; expected 0 to 1"),
        (EVAL.format(""), row([*CELL, 0]), row(TRUE), "of 2 classes and 2 boxes"),
        (EVAL.format(""), row(CELL), row([0, 1, 2, 0.5, 0.5, 0.5, 0.5]), "expected 1 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(build, body, x, labels, complaint):
    with pytest.raises((ConversionError, ShapeError), match=complaint):
        run(build, body, x, labels)
