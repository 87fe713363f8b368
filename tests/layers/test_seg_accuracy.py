"""SegAccuracy and MatWrite by hand; DeepLab's fork could not be run.

Values follow from src/caffe/layers/seg_accuracy_layer.cpp and src/caffe/util/confusion_matrix.cpp of hszhao/PSPNet.
"""

import numpy as np
import pytest
import torch

from converter.errors import ConversionError, ShapeError
from tests.layers.one_layer import run

BODY = 'type: "SegAccuracy" seg_accuracy_param {{ {} }}'


def scores(seen: list[int], classes: int) -> np.ndarray:
    """One image of one row whose best classes are these."""
    return np.eye(classes)[seen].T.reshape(1, classes, 1, -1)


MEANT = np.array([0, 0, 0, 1, 255], np.float64).reshape(1, 1, 1, 5)
SEEN = scores([0, 0, 1, 1, 2], 4)
"""Of class 0 two of three are seen, of class 1 the one; another pixel is 1, too; class 3 is neither seen nor meant."""


def test_accuracy_mean_accuracy_and_mean_overlap(build):
    """3 of 4; (2/3 + 1) / 2; overlaps 2/3, 1/2, and 1 of classes 2 and 3, whose only pixel does not count."""
    (top,) = run(build, BODY.format("ignore_label: 255"), SEEN, MEANT)
    assert top.shape == (1, 1, 1, 3)
    np.testing.assert_allclose(top.flatten(), [3 / 4, 5 / 6, (2 / 3 + 1 / 2 + 2) / 4], rtol=1e-12)


def test_a_class_that_is_seen_alone_has_no_overlap_and_several_labels_may_be_ignored(build):
    (top,) = run(build, BODY.format("ignore_label: 255 ignore_label: 0"), scores([0, 0, 1, 3, 2], 4), MEANT)
    np.testing.assert_allclose(top.flatten(), [0, 0, (1 + 0 + 1 + 0) / 4], rtol=1e-12)


def test_of_equal_scores_the_later_class_is_seen(build):
    (top,) = run(build, BODY.format(""), np.zeros((1, 3, 1, 1)), np.full((1, 1, 1, 1), 2.0))
    assert top.flatten().tolist() == [1, 1, 1]


def test_without_pixels_accuracies_are_0(build):
    (top,) = run(build, BODY.format("ignore_label: 2"), np.zeros((1, 3, 1, 1)), np.full((1, 1, 1, 1), 2.0))
    assert top.flatten().tolist() == [0, 0, 1]


@pytest.mark.parametrize(("fields", "wanted"), [("", [0, 0, 0]), ("reset: false", [1 / 2, 1 / 2, 1 / 4])])
def test_without_reset_pixels_of_earlier_passes_count(build, fields, wanted):
    """First class 0 is seen as meant, then in place of 1: of both, it is seen twice and meant once, 1 is never seen."""
    body = f'{BODY.format(fields)} bottom: "x" bottom: "t" top: "y"'
    net = build(body, {"x": (1, 2, 1, 1), "t": (1, 1, 1, 1)}).double()
    tops = [
        net.blobs(x=torch.tensor(scores([0], 2)), t=torch.full((1, 1, 1, 1), meant, dtype=torch.float64))["y"]
        for meant in (0.0, 1.0)
    ]
    assert tops[0].flatten().tolist() == [1, 1, 1]
    assert tops[1].flatten().tolist() == wanted


@pytest.mark.parametrize(
    ("body", "labels", "complaint"),
    [
        (BODY.format(""), np.zeros((1, 1, 1, 4)), "expected .n, 1, h, w."),
        (BODY.format(""), np.full((1, 1, 1, 5), 4.0), "label 4; expected 0 to 3"),
        (BODY.format("metric: Dice"), MEANT, "PixelIOU"),
    ],
)
def test_what_does_not_fit_is_refused(build, body, labels, complaint):
    with pytest.raises((ConversionError, ShapeError), match=complaint):
        run(build, body, SEEN, labels)
