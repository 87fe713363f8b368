"""Region by hand, of three families of forks, and what tells them apart.

No fork's code could be run here: the values follow from src/caffe/layers/region_layer.cpp of
openvinotoolkit/training_toolbox_caffe, lwplw/caffe_yolov2 and zhang-xin/caffe.
"""

import math

import numpy as np
import pytest
import torch

from converter.errors import ConversionError
from tests.layers.one_layer import run

LOG3 = math.log(3)
CELL = np.array([LOG3, -LOG3, 2, -1, 0, LOG3, 0])
"""A box: x and y of sigmoid 3/4 and 1/4, size, objectness of sigmoid 1/2, two classes 3 to 1."""

PLANES = np.stack([CELL, CELL[::-1], np.zeros(7), np.ones(7)], axis=-1).reshape(1, 7, 2, 2)
"""One box of two classes in each of four cells: that box, the same backwards, zeros, ones."""

BOXES = 'type: "Region" region_loss_param {{ side: 2 num: 1 num_class: 2 biases: 1 biases: 0.5 {} }}'


def test_planes_hold_probabilities(build):
    """Box by box: backwards x is 0, y log 3, size 0 and -1, objectness 2, classes -log 3 and log 3 (1 to 9)."""
    (top,) = run(build, 'type: "Region" region_param { classes: 2 num: 1 softmax: 0 thresh: 0.6 }', PLANES)
    sure, e = 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-1))
    wanted = [[0.75, 0.25, 2, -1, 0.5, 0.75, 0.25], [0.5, 0.75, 0, -1, sure, 0.1, 0.9]]
    wanted += [[0.5, 0.5, 0, 0, 0.5, 0.5, 0.5], [e, e, 1, 1, e, 0.5, 0.5]]
    np.testing.assert_allclose(top.reshape(7, 4).T, wanted, rtol=1e-12)


def test_a_box_of_five_coordinates_has_its_objectness_behind_them(build):
    x = np.array([0, 0, 2, -1, 3, 0, LOG3, 0]).reshape(1, 8, 1, 1)
    (top,) = run(build, 'type: "Region" region_param { classes: 2 num: 1 coords: 5 }', x)
    np.testing.assert_allclose(top.flatten(), [0.5, 0.5, 2, -1, 3, 0.5, 0.75, 0.25], rtol=1e-12)


def test_rows_stand_box_by_box_with_places_as_they_are(build):
    body = 'type: "Region" region_param {{ classes: 2 boxes_of_each_grid: 1 {} }}'
    (top,) = run(build, body.format("softmax: true"), PLANES)
    assert top.shape == PLANES.shape
    sure = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(top.flatten()[:7], [*CELL[:4], 0.5, 0.75, 0.25], rtol=1e-12)
    np.testing.assert_allclose(top.flatten()[7:14], [*CELL[:2:-1], sure, 0.1, 0.9], rtol=1e-12)
    (top,) = run(build, body.format(""), PLANES)
    np.testing.assert_allclose(top.flatten()[:7], [*CELL[:4], 0.5, *CELL[5:]], rtol=1e-12)


def test_boxes_are_in_fractions_and_likely_classes_stay(build):
    """Cell 1 is right above: x (1 + 1/2) / 2, y 3/4 / 2; chances sure / 10 and 9 sure / 10. Cell 0: 3/8 and 1/8."""
    boxes, chances = run(build, BOXES.format("thresh: 0.2"), PLANES, tops=2)
    assert boxes.shape == (1, 2, 2, 4) and chances.shape == (1, 2, 2, 3)
    sure = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(boxes[0, 0, 1], [0.75, 0.375, 0.5, math.exp(-1) / 4], rtol=1e-12)
    np.testing.assert_allclose(boxes[0, 1, 0], [0.25, 0.75, 0.5, 0.25], rtol=1e-12)
    np.testing.assert_allclose(chances[0, 0], [[0.375, 0, 0.375], [0, 0.9 * sure, 0.9 * sure]], rtol=1e-12)


def test_a_chance_of_just_the_threshold_is_none_and_another_item_does_not_count(build):
    two = np.concatenate([np.zeros((1, 7, 2, 2)), PLANES])
    _, chances = run(build, BOXES.format("thresh: 0.25"), two, tops=2)  # 1/2 of 1/2
    assert not chances.any()
    _, chances = run(build, BOXES.format("threshold: 0.2"), two, tops=2)
    assert chances[0, 0, 0].tolist() == [0.25, 0.25, 0.25]


def test_the_largest_of_negative_scores_is_0(build):
    x = np.array([0, 0, 0, 0, 0, -1, -2.0]).reshape(1, 7, 1, 1)
    _, chances = run(build, BOXES.replace("side: 2", "side: 1").format("softmax: 0 thresh: -0.75"), x, tops=2)
    assert chances.flatten().tolist() == [-0.5, 0, 0]


def test_no_gradient_flows(build):
    net = build('type: "Region" region_param { classes: 2 num: 1 } bottom: "x" top: "y"', {"x": (1, 7, 2, 2)})
    assert not net.blobs(x=torch.zeros(1, 7, 2, 2, requires_grad=True))["y"].requires_grad


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('type: "Region" region_param { classes: 2 }', "add num .* or boxes_of_each_grid"),
        ('type: "Region"', "add num .* or boxes_of_each_grid"),
        ('type: "Region" region_param { classes: 2 boxes_of_each_grid: 1 nms_threshold: 0.5 }', "DeepTextSpotter"),
        ('type: "Region" region_param { num: 1 coords: 1 }', "coords is 1"),
        ('type: "Region" region_param { num: 1 classes: 3 }', "8, h, w"),
        ('type: "Region" region_param { num: 0 classes: 3 }', "of 0 boxes"),
        ('type: "Region" region_param { num: 1 num_classes: 2 }', "13, 13"),
        ('type: "Region" region_param { boxes_of_each_grid: 1 classes: 2 coords: 3 }', "4 coordinates"),
        (BOXES.format("coords: 5"), "4 coordinates"),
        (BOXES.format("num: 2"), "one pair a box"),
        (BOXES.format("biases: 1"), "pairs of numbers"),
        (BOXES.format(""), "1 tops"),
    ],
)
def test_what_the_converter_does_not_know_is_refused(build, body, complaint):
    with pytest.raises(ConversionError, match=complaint):
        run(build, body, PLANES)
