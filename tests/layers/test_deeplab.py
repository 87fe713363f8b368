"""What DeepLab v1's nets need beside their data layers, by hand: Padding, softmaxloss_param, strict_dim."""

import numpy as np
import pytest

from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from tests.layers.one_layer import run

X = np.arange(1.0, 7).reshape(1, 1, 2, 3)
LOSS = 'type: "SoftmaxWithLoss" softmaxloss_param {{ {} }} loss_param {{ {} }}'
SCORES, LABELS = np.zeros((1, 4, 1, 3)), np.array([[[[0, 3, 2.0]]]])


def test_padding_adds_zeros_or_cuts_off(build):
    (top,) = run(build, 'type: "Padding" padding_param { pad_beg: 1 }', X)
    assert top[0, 0].tolist() == [[0, 0, 0, 0], [0, 1, 2, 3], [0, 4, 5, 6]]
    (top,) = run(build, 'type: "Padding" padding_param { pad_end: 1 }', X)
    assert top[0, 0].tolist() == [[1, 2, 3, 0], [4, 5, 6, 0], [0, 0, 0, 0]]
    (top,) = run(build, 'type: "Padding" padding_param { pad_beg: -1 }', X)
    assert top[0, 0].tolist() == [[5, 6]]
    (top,) = run(build, 'type: "Padding" padding_param { pad_end: -1 }', X)
    assert top[0, 0].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [("pad_beg: 1 pad_end: -1", "both from 0 on"), ("pad_beg: -1 pad_end: -1", "leaves nothing")],
)
def test_padding_that_the_source_refuses(build, fields, complaint):
    with pytest.raises((ConversionError, ShapeError), match=complaint):
        run(build, f'type: "Padding" padding_param {{ {fields} }}', X)


@pytest.mark.parametrize(("own", "usual"), [("ignore_label: 3", ""), ("", "ignore_label: 3")])
def test_the_ignored_label_stands_in_either_message(build, own, usual):
    """Four classes alike: each of the two labels that count has log 4."""
    assert run(build, LOSS.format(own, usual), SCORES, LABELS)[0] == pytest.approx(np.log(4))
    lopsided = np.array([[0, 9, 0], [0, 9, 0], [0, 9, 0], [0, 0, 0]], np.float64).reshape(1, 4, 1, 3)
    assert run(build, LOSS.format(own, usual), lopsided, LABELS)[0] == pytest.approx(np.log(4))


@pytest.mark.parametrize(
    ("own", "usual", "complaint"),
    [
        ('weight_source: "w.txt"', "", "weight_source names a file"),
        ("ignore_label: 3 ignore_label: 0", "", r"makes \[0, 3\] ignored"),
        ("ignore_label: 3", "ignore_label: 0", r"makes \[0, 3\] ignored"),
    ],
)
def test_weights_and_several_labels_are_refused(build, own, usual, complaint):
    with pytest.raises(UnsupportedParameterError, match=complaint):
        run(build, LOSS.format(own, usual), SCORES, LABELS)
