"""LabelsequenceAccuracy by hand, from crnn.caffe's labelsequence_accuracy_layer.cpp."""

import numpy as np
import pytest

from converter.errors import ShapeError
from tests.layers.one_layer import run


def test_repeats_merge_unless_a_blank_stands_between(build):
    """Paths 1 1 0 2, 1 0 1 0 and 2 0 0 0 read 12, 11 and 2: the second is not 1, the third is."""
    paths = np.eye(3)[[[1, 1, 0, 2], [1, 0, 1, 0], [2, 0, 0, 0]]]
    labels = np.array([[1.0, 2, 0], [1, 0, 0], [2, 0, 0]])
    (share,) = run(build, 'type: "LabelsequenceAccuracy"', paths, labels)
    assert share == pytest.approx(2 / 3)


def test_other_shapes_are_refused(build):
    with pytest.raises(ShapeError, match=r"expected \(n, t, c\) and \(n, l\)"):
        run(build, 'type: "LabelsequenceAccuracy"', np.zeros((2, 3)), np.zeros((2, 3)))
