"""Layers over length, height and width by hand: C3D's and P3D's pooling, C3D's convolution; PoolingND's refusals."""

import numpy as np
import pytest

from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from tests.layers.one_layer import run

X = np.arange(1.0, 13).reshape(1, 1, 3, 2, 2)
MEAN = 'type: "Pooling3D" pooling3d_param { pool: AVE kernel_size: 2 %s }'


def test_means_of_cut_windows_divide_by_what_is_left_up_to_the_padding(build):
    """Sheets of 1..4, 5..8, 9..12: sums 10, 26, 42. Two and two sheets: (10 + 26) / 8, 42 / 4."""
    assert run(build, MEAN % "kernel_depth: 2 temporal_stride: 2", X)[0].ravel().tolist() == [4.5, 10.5]
    # padded by a sheet: nothing and the first, the second and the third; both windows are whole
    padded = MEAN % "kernel_l: 2 stride_l: 2 pad_l: 1"
    assert run(build, padded, X)[0].ravel().tolist() == [10 / 8, 68 / 8]


def test_maxima_of_nd(build):
    window = "kernel_size: 2 kernel_size: 1 kernel_size: 2 stride: 2 stride: 1 stride: 2"
    body = f'type: "PoolingND" pooling_nd_param {{ {window} }}'
    assert run(build, body, X)[0].tolist() == [[[[[6.0], [8.0]], [[10.0], [12.0]]]]]


def test_a_window_without_a_value_gives_the_least_float(build):
    """Length 3, stride 3: the second window would start behind it; nothing is padded, so it stands (as in Pooling)."""
    body = 'type: "PoolingND" pooling_nd_param { kernel_size: 1 kernel_size: 2 kernel_size: 2 stride: 3 }'
    assert run(build, body, X)[0].ravel().tolist() == [4, -float(np.finfo(np.float32).max)]


def test_a_convolution_sums_sheets(build):
    """Weights 1 and 10 along the length: 10 of a sheet and 26 of the next give 10 + 260."""
    body = 'type: "Convolution3D" convolution3d_param { num_output: 1 kernel_size: 2 kernel_depth: 2 bias_term: false }'
    weight = np.broadcast_to(np.array([1.0, 10])[None, None, :, None, None], (1, 1, 2, 2, 2))
    assert run(build, body, X, parameters=[weight])[0].ravel().tolist() == [270, 446]


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (MEAN % "", UnsupportedParameterError, "kernel_depth is missing"),
        (MEAN % "kernel_depth: 1 kernel_l: 1", UnsupportedParameterError, "kernel_depth stands beside kernel_l"),
        (MEAN % "kernel_depth: 1 temporal_pad: 1", UnsupportedParameterError, "pad is \\[1, 0, 0\\]; expected less"),
        (
            'type: "PoolingND" pooling_nd_param { kernel_size: 2 kernel_size: 2 }',
            ConversionError,
            "kernel_size is given 2 times",
        ),
        (
            'type: "Pooling3D" pooling3d_param { global_pooling: true stride: 2 }',
            ConversionError,
            "beside pad or stride",
        ),
    ],
)
def test_windows_that_fit_nothing_are_refused(build, body, kind, told):
    with pytest.raises(kind, match=told):
        run(build, body, X)


def test_planes_are_no_volumes(build):
    with pytest.raises(ShapeError, match=r"expected \(n, c, length, h, w\)"):
        run(build, MEAN % "kernel_depth: 1", X[:, :, 0])
    with pytest.raises(ShapeError, match=r"expected \(n, c, length, h, w\)"):
        run(build, 'type: "Convolution3D" convolution3d_param { num_output: 1 kernel_size: 1 kernel_depth: 1 }', X[0])
