"""DenseCRF: what its file may say, and DeepLab's first spelling; values by hand: tests/modules/test_mean_field.py.

The fork could not be run: values follow from src/caffe/layers/densecrf_layer.cpp of DeepLab's two versions.
"""

import math

import numpy as np
import pytest

import converter
from converter.errors import ConversionError
from tests.layers.one_layer import run

PLAIN = 'type: "DenseCRF" dense_crf_param {{ {} }}'
SCORES, SIZES = np.zeros((1, 2, 3, 4)), np.array([[3, 4]])


def test_a_net_of_deeplabs_first_spelling(tmp_path):
    """One pixel hears itself: scores (0, ln 3), q = (1/4, 3/4), odds 3 e^(1/2) after one step of weight 1."""
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "fc8" input_dim: 1 input_dim: 2 input_dim: 1 input_dim: 1\n'
        'input: "dim" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 2\n'
        'layers { type: DENSE_CRF name: "crf" bottom: "fc8" bottom: "dim" top: "crf_inf"\n'
        "  dense_crf_param { max_iter: 1 pos_w: 1 pos_xy_std: 3 } }"
    )
    fc8 = np.array([0, math.log(3)], np.float32).reshape(1, 2, 1, 1)
    q = converter.load(path)(fc8=fc8, dim=np.ones((1, 1, 1, 2), np.float32))["crf_inf"].flatten()
    assert float(q[1] / q[0]) == pytest.approx(3 * math.exp(0.5), rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "bottoms", "complaint"),
    [
        ("pos_w: 1", (SCORES, SIZES), "pos_xy_std has 0 numbers.*expected 1"),
        ("pos_w: 1 pos_xy_std: 0", (SCORES, SIZES), r"pos_xy_std is \[0.0\].*above 0"),
        ("pos_w: 1 pos_xy_std: 3", (SCORES, SIZES, np.zeros((1, 3, 3, 4))), "bi_w is missing"),
        ("max_iter: -1", (SCORES, SIZES), "max_iter is -1"),
        ("", (SCORES, np.zeros((1, 1))), "expected .n, c, h, w. and .n, 2."),
        ("", (SCORES, SIZES, np.zeros((1, 1, 3, 4))), r"an image of shape \(1, 1, 3, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(build, fields, bottoms, complaint):
    with pytest.raises(ConversionError, match=complaint):
        run(build, PLAIN.format(fields), *bottoms)
