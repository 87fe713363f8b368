"""DeformableConvolution by hand, from unsky's deformable_im2col.cu; and without offsets, as torch's convolution."""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

BODY = 'type: "DeformableConvolution" deformable_convolution_param { bias_term: false %s }'
POINT = BODY % "num_output: 1 kernel_size: 1 deformable_group: 1"


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [(0, 0, 1), (0.5, 0.25, 0.75 * 2 + 0.25 * 3), (1.5, 0, 3), (2, 0, 0), (-0.1, 0, 0), (0, 1.9, 2), (0, -0.01, 0)],
)
def test_a_tap_reads_between_pixels(build, row, column, value):
    """Of 1 2 over 3 4; a half row down and a quarter to the right: (1 + 3) / 2 and (2 + 4) / 2 mixed."""
    x, offset = np.array([[[[1.0, 2], [3, 4]]]]), np.zeros((1, 2, 2, 2))
    offset[0, :, 0, 0] = row, column
    assert run(build, POINT, x, offset, parameters=[np.ones(1)])[0][0, 0, 0, 0] == pytest.approx(value)


def test_without_offsets_it_is_a_convolution(build):
    x, weight = normal(2, 4, 6, 5), normal(6, 2, 3, 2, seed=3)
    fields = (
        "num_output: 6 kernel_h: 3 kernel_w: 2 stride: 2 pad_h: 1 pad_w: 0 dilation: 1 group: 2 deformable_group: 2"
    )
    wanted = torch.conv2d(torch.tensor(x), torch.tensor(weight), stride=2, padding=(1, 0), groups=2)
    (found,) = run(build, BODY % fields, x, np.zeros((2, 24, *wanted.shape[2:])), parameters=[weight])
    assert found == pytest.approx(wanted.numpy())


def test_each_group_of_channels_has_its_offsets(build):
    """The first channel reads a pixel to the right, the second a pixel below."""
    x = np.array([[[[1.0, 2], [3, 4]], [[10, 20], [30, 40]]]])
    offset = np.zeros((1, 4, 2, 2))
    offset[0, 1], offset[0, 2] = 1, 1
    body = BODY % "num_output: 1 kernel_size: 1 deformable_group: 2"
    (found,) = run(build, body, x, offset, parameters=[np.ones(2)])
    assert found.tolist() == [[[[2 + 30, 0 + 40], [4 + 0, 0]]]]


def test_offsets_of_another_shape_are_refused(build):
    with pytest.raises(ShapeError, match=r"expected \(1, 2, 2, 2\), two for each group, tap and position"):
        run(build, POINT, np.zeros((1, 1, 2, 2)), np.zeros((1, 4, 2, 2)))


def test_groups_that_do_not_divide_are_refused(build):
    with pytest.raises(UnsupportedParameterError, match="deformable_group is 4; expected a divisor of 1 inputs"):
        run(build, BODY % "num_output: 1 kernel_size: 1", np.zeros((1, 1, 2, 2)), np.zeros((1, 8, 2, 2)))
