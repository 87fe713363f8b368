"""YOLO's losses by hand, their gradients, and what they refuse.

No fork's code could be run here: the values follow from src/caffe/layers/region_loss_layer.cpp of intel/caffe,
eric612/MobileNet-YOLO and zhang-xin/caffe, and yolov3_layer.cpp of the second.
"""

import numpy as np
import pytest
import torch

from converter.errors import ConversionError, ShapeError
from tests.layers.one_layer import run

REGION = 'type: "RegionLoss" region_loss_param {{ num_class: 2 num: 1 biases: 1 biases: 1 {} }}'
YOLOV3 = 'type: "Yolov3" yolov3_param {{ num_class: 2 num: 1 mask: 0 biases: 32 biases: 32 label_smooth_eps: 0 {} }}'
ZEROS = np.zeros((1, 7, 1, 1))
"""One cell, one anchor: a box of half the cell's place, the anchor's size, objectness and classes of one half."""

SMALL = np.array([[[[1, 0.5, 0.25, 1, 0.5]]]])
"""Class 1, centered at 0.5, 0.25, of size 1 x 0.5: it overlaps the whole cell by one half."""


def test_region_loss_of_one_cell(build):
    """y lacks 0.25 times slope 0.25, height log 2, objectness (0.5 - 0.5) / 4 = 0, classes 1/2 each.

    coord_scale 5: 25 (0.0625² + 0.6931²) + 1/4 + 1/4.
    """
    (loss,) = run(build, REGION.format(""), ZEROS, SMALL)
    np.testing.assert_allclose(loss, 25 * (0.0625**2 + np.log(2) ** 2) + 0.5, rtol=1e-12)


PLAIN = REGION.replace("num_class:", "num_classes:")


def test_zhang_xins_region_loss_has_no_slopes_and_is_not_divided(build):
    """Scale (2 - 1/2); y lacks 0.25, height log 2; objectness 1/2 less the overlap 1/2; classes 1/2 each.

    The second image has no box: objectness 0.5 · 1/2. The gradient is each number's delta.
    """
    net = build(f'{PLAIN.format("coord_scale: 2")} bottom: "x" bottom: "t" top: "y"', {"x": (2, 7, 1, 1), "t": (2, 10)})
    x = torch.zeros(2, 7, 1, 1, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[1, 0.5, 0.25, 1, 0.5] + [0.0] * 5, [0.0] * 10], dtype=torch.float64)
    loss = net.double().blobs(x=x, t=labels)["y"]
    loss.backward()
    wanted = [[0, 3 * 0.25, 0, 3 * np.log(2), 0, 0.5, -0.5], [0, 0, 0, 0, 0.25, 0, 0]]
    assert loss.item() == pytest.approx(float(np.square(wanted[0]).sum() + 0.25**2), rel=1e-12)
    np.testing.assert_allclose(x.grad.reshape(2, 7).numpy(), wanted, rtol=1e-12, atol=1e-15)


def test_zhang_xins_objectness_is_1_without_rescore_and_x_0_ends_the_rows(build):
    (loss,) = run(build, PLAIN.format("coord_scale: 0 class_scale: 0 rescore: 0 object_scale: 2"), ZEROS, SMALL)
    assert loss == pytest.approx(1)
    ended = np.array([[[[0, 0, 0.5, 1, 1], [1, 0.5, 0.25, 1, 0.5]]]])
    assert run(build, PLAIN.format(""), ZEROS, ended)[0] == pytest.approx(0.0625)


def test_intels_region_loss_clips_and_cubes(build):
    """Its box (0, 0, 1, 0.5) has center 0.25 too; objectness 2 / 8 / 4 = 1/16 with its sign; nothing is over 1."""
    labels = np.array([[[[0, 2, 0, 0, 0, 1, 0.5, 0]]]])
    (loss,) = run(build, REGION.format("side: 1"), ZEROS, labels)
    np.testing.assert_allclose(loss, 25 * (0.0625**2 + np.log(2) ** 2) + 0.0625**2 + 0.5, rtol=1e-12)


def test_yolov3_loss_of_one_cell(build):
    """Scale (2 - 1/2) coord_scale; y lacks 1/4, height log 2, objectness and classes 1/2 each."""
    (loss,) = run(build, YOLOV3.format("coord_scale: 1"), ZEROS, SMALL)
    np.testing.assert_allclose(loss, 1.5**2 * (0.25**2 + np.log(2) ** 2) + 0.75, rtol=1e-12)


def test_the_gradient_is_the_delta_over_the_batch(build):
    """Two images, of which one has a box: its deltas are halved; the other's objectness is 1/2 where nothing is."""
    net = build(
        f'{YOLOV3.format("coord_scale: 1")} bottom: "x" bottom: "t" top: "y"', {"x": (2, 7, 1, 1), "t": (2, 1, 1, 5)}
    )
    x = torch.zeros(2, 7, 1, 1, dtype=torch.float64, requires_grad=True)
    labels = torch.from_numpy(np.concatenate([SMALL, np.zeros_like(SMALL)]))
    net.double().blobs(x=x, t=labels)["y"].backward()
    wanted = [[0, 1.5 * 0.25 / 2, 0, 1.5 * np.log(2) / 2, -0.25, 0.25, -0.25], [0, 0, 0, 0, 0.25, 0, 0]]
    np.testing.assert_allclose(x.grad.reshape(2, 7).numpy(), wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (REGION.format("coords: 5"), "one pair a box"),
        (REGION.format("num: 2"), "one pair a box"),
        (REGION.format("biases: 1"), "pairs of numbers"),
        (REGION.format('softmax_tree: "t"'), "softmax_tree"),
        (PLAIN.format("softmax: false"), "softmax is false"),
        (YOLOV3.format("mask: 1"), "numbers below 1"),
        (YOLOV3.format("iou_loss: GIOU"), "GIOU"),
        (YOLOV3.format("use_focal_loss: true"), "use_focal_loss"),
    ],
)
def test_what_the_converter_does_not_know_is_refused(build, body, complaint):
    with pytest.raises(ConversionError, match=complaint):
        run(build, body, ZEROS, SMALL)


@pytest.mark.parametrize("body", [REGION.format(""), YOLOV3.format("")])
def test_boxes_have_to_lie_in_the_image_and_be_of_a_class(build, body):
    with pytest.raises(ShapeError, match=r"center at 1\.5, 0\.25"):
        run(build, body, ZEROS, np.array([[[[1, 1.5, 0.25, 1, 0.5]]]]))
    with pytest.raises(ShapeError, match="class 2; expected 0 to 1"):
        run(build, body, ZEROS, np.array([[[[2, 0.5, 0.25, 1, 0.5]]]]))
    with pytest.raises(ShapeError, match="expected"):
        run(build, body, ZEROS, np.zeros((1, 4)))
    with pytest.raises(ShapeError, match="expected"):
        run(build, body, np.zeros((1, 8, 1, 1)), SMALL)
