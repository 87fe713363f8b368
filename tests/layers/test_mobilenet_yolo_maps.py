"""YoloSeg and SegmentationEvaluate by hand; eric612/MobileNet-YOLO could not be run.

Values follow from src/caffe/layers/yolo_seg.cpp and segmentation_evaluate_layer.cpp.
"""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError
from tests.layers.one_layer import run

LOSS = 'type: "YoloSeg" yolo_seg_param { object_scale: 2 }'
OVERLAP = 'type: "SegmentationEvaluate" segmentation_evaluate_param { num_classes: 1 threshold: 0.5 }'


def test_a_rare_classs_pixels_count_more(build):
    """Sigmoids of 1/2: without a label 2 · 1/2 = 1; with one 2 · (2 - 1/3) · -1/2 = -5/3; (3 + 25/9) / 1 image."""
    x, labels = np.zeros((1, 1, 2, 2)), np.array([[[[1.0, 0], [0, 0]]]])
    assert run(build, LOSS, x, labels, np.array([[1.0]]))[0] == pytest.approx(3 + 25 / 9)
    net = build(f'{LOSS} bottom: "x" bottom: "l" bottom: "a" top: "y"', {"x": x.shape, "l": x.shape, "a": (1, 1)})
    fed = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    net.blobs(x=fed, l=torch.tensor(labels).float(), a=torch.ones(1, 1))["y"].sum().backward()
    assert fed.grad.flatten().tolist() == pytest.approx([-5 / 3, 1, 1, 1])


def test_overlap_is_of_the_first_item_and_0_without_a_meeting(build):
    """Two of three marked pixels meet; the second item does not count."""
    seen = np.array([[[[0.9, 0.6, 0.5, 0.7]]], [[[1, 1, 1, 1]]]])
    true = np.array([[[[1.0, 1, 0, 0]]], [[[0, 0, 0, 0]]]])
    assert run(build, OVERLAP, seen, true)[0].tolist() == [[[[2 / 3]]]]
    assert run(build, OVERLAP, seen[1:], true[1:])[0].tolist() == [[[[0]]]]


def test_maps_of_another_size_are_resized_as_bytes(build):
    """0 and 255 at places -1/4, 1/4, 3/4, 5/4 of two: 0, 64, 191, 255; above 127 are the last two."""
    seen = np.array([[[[0.0, 1.0]]]])
    assert run(build, OVERLAP, seen, np.array([[[[0.0, 0, 0, 1]]]]))[0].tolist() == [[[[0.5]]]]
    assert run(build, OVERLAP, seen, np.zeros((1, 1, 1, 4)))[0].tolist() == [[[[-1]]]]


@pytest.mark.parametrize(
    ("body", "bottoms", "complaint"),
    [
        (LOSS, (np.zeros((1, 2, 2, 2)), np.zeros((1, 2, 2, 2)), np.zeros((1, 3))), "twice and .n, c."),
        (OVERLAP, (np.zeros((1, 2, 2, 2)), np.zeros((1, 3, 2, 2))), "the same c"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(build, body, bottoms, complaint):
    with pytest.raises(ShapeError, match=complaint):
        run(build, body, *bottoms)
