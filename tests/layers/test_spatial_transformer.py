"""Spatial transformers by hand arithmetic from their sources.

daerduoCarey/SpatialTransformerLayer's st_layer.cpp and chenxistephen/caffe_msra's affine_transform_layer.cpp
and affine_mat_conversion_layer.cpp.
"""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

PLANE = np.arange(1.0, 13).reshape(1, 1, 3, 4)


def test_the_identity_reads_each_pixel(build):
    (y,) = run(build, 'type: "SpatialTransformer"', PLANE, np.array([[1.0, 0, 0, 0, 1, 0]]))
    assert np.allclose(y, PLANE, atol=1e-12)


def test_rows_come_first_and_pixels_outside_are_zero(build):
    """Rows moved by 2/3 of [-1, 1] are one of three pixels down, columns by 1/4 half of four to the right."""
    (y,) = run(build, 'type: "SpatialTransformer"', PLANE, np.array([[1.0, 0, 2 / 3, 0, 1, 0.25]]))
    assert np.allclose(y[0, 0], [[5.5, 6.5, 7.5, 4], [9.5, 10.5, 11.5, 6], [0, 0, 0, 0]])


def test_fixed_numbers_stand_in_thetas_place(build):
    body = 'type: "SpatialTransformer" st_param { theta_1_1: 1 theta_1_2: 0 theta_2_1: 0 theta_2_2: 1 }'
    (y,) = run(build, body, PLANE, np.array([[2 / 3, 0]]))
    assert np.allclose(y[0, 0], [[5, 6, 7, 8], [9, 10, 11, 12], [0, 0, 0, 0]])


def test_another_size_takes_steps_of_its_own(build):
    """Two rows lie at -1 and 0 of [-1, 1): pixels 0 and 1.5; one column at -1."""
    body = 'type: "SpatialTransformer" st_param { output_H: 2 output_W: 1 }'
    (y,) = run(build, body, PLANE, np.array([[1.0, 0, 0, 0, 1, 0]]))
    assert np.allclose(y.ravel(), [1, 7])


def test_an_image_may_be_without_gradient(build):
    body = 'type: "SpatialTransformer" bottom: "x" bottom: "t" top: "y" st_param { to_compute_dU: false }'
    x, theta = torch.ones(1, 1, 2, 2, requires_grad=True), torch.rand(1, 6, requires_grad=True)
    build(body, {"x": (1, 1, 2, 2), "t": (1, 6)}).blobs(x=x, t=theta)["y"].sum().backward()
    assert x.grad is None
    assert theta.grad is not None


def test_what_the_source_does_not_know_is_refused(build):
    with pytest.raises(UnsupportedParameterError, match="the source knows affine alone"):
        run(build, 'type: "SpatialTransformer" st_param { transform_type: "tps" }', PLANE, normal(1, 6))
    with pytest.raises(ShapeError, match=r"\(n, 6\)"):
        run(build, 'type: "SpatialTransformer"', PLANE, normal(1, 5))


AFFINE = 'type: "AffineTransform"'


@pytest.mark.parametrize(
    ("theta", "row"),
    [
        ([1, 0, 0, 0, 1, 0], [1, 2, 3, 4]),
        ([1, 0, 1 / 3, 0, 1, 0], [1.5, 2.5, 3.5, 2]),  # half a pixel to the right: half of the last one and of 0
        ([1, 0, -1 / 3, 0, 1, 0], [0.5, 1.5, 2.5, 3.5]),  # half a pixel to the left: 1.5 · 1 - 0.5 · 2
        ([1, 0, -1, 0, 1, 0], [-0.5, 0.5, 1.5, 2.5]),  # at -1.5, cut to -1: -0.5 of pixel 0
        ([1, 0, -5 / 3, 0, 1, 0], [0, -0.5, 0.5, 1.5]),  # at -2.5 neither -2 nor -1 is there
        ([-1, 0, 0, 0, 1, 0], [4, 3, 2, 1]),
    ],
)
def test_affine_transforms_corners_lie_on_corners_and_positions_are_cut_towards_0(build, theta, row):
    (y,) = run(build, AFFINE, PLANE, np.array([theta], float))
    assert np.allclose(y[0, 0, 0], row)


def test_affine_transforms_theta_gives_the_column_first(build):
    """Of a square, (x, y) read at (y, x); and rows moved by half of [-1, 1] are one of three pixels down."""
    square = np.arange(9.0).reshape(1, 1, 3, 3)
    (y,) = run(build, AFFINE, square, np.array([[0.0, 1, 0, 1, 0, 0]]))
    assert np.allclose(y[0, 0], square[0, 0].T)
    (y,) = run(build, AFFINE, square, np.array([[1.0, 0, 0, 0, 1, 1]]))
    assert np.allclose(y[0, 0], [[3, 4, 5], [6, 7, 8], [0, 0, 0]])


def test_affine_transform_makes_another_size_over_the_whole_image(build):
    body = f"{AFFINE} affine_transform_param {{ output_height: 2 output_width: 3 }}"
    (y,) = run(build, body, PLANE, np.array([[1.0, 0, 0, 0, 1, 0]]))
    assert np.allclose(y[0, 0], [[1, 2.5, 4], [9, 10.5, 12]])


def test_affine_transforms_gradients(build):
    """Of the top right output, (1, -1), read at half of that: column 0.75, row 0.25; 2 more a column, half by p."""
    net = build(f'{AFFINE} bottom: "x" bottom: "t" top: "y"', {"x": (1, 1, 2, 2), "t": (1, 6)}).double()
    x = torch.tensor([[[[1.0, 3.0], [1.0, 3.0]]]], dtype=torch.float64, requires_grad=True)
    theta = torch.tensor([[0.5, 0, 0, 0, 0.5, 0]], dtype=torch.float64, requires_grad=True)
    net.blobs(x=x, t=theta)["y"][0, 0, 0, 1].backward()
    assert theta.grad.tolist() == [[1, -1, 1, 0, 0, 0]]
    assert x.grad[0, 0].tolist() == [[0.25 * 0.75, 0.75 * 0.75], [0.25 * 0.25, 0.75 * 0.25]]


def test_affine_transform_of_nan_is_nan_as_in_the_source(build):
    (y,) = run(build, AFFINE, PLANE, np.array([[1.0, 0, np.nan, 0, 1, 0]]))
    assert np.isnan(y).all()


def test_affine_transform_refuses_single_pixels_and_other_shapes(build):
    with pytest.raises(UnsupportedParameterError, match=r"output_width are \(3, 1\); expected at least 2"):
        run(build, f"{AFFINE} affine_transform_param {{ output_width: 1 }}", PLANE, normal(1, 6))
    with pytest.raises(ShapeError, match=r"\(n, 6\)"):
        run(build, AFFINE, PLANE, normal(1, 5))
    with pytest.raises(ShapeError, match=r"\(n, c, h, w\)"):
        run(build, AFFINE, PLANE[0], normal(1, 6))


CROP = 'type: "AffineMatConversion" affine_mat_conversion_param { conversion_type: RECT_CROP }'


def test_a_crops_four_numbers_are_two_of_each_row_of_theta(build):
    (theta,) = run(build, CROP, np.array([[0.5, 0.25, 0.75, -0.25], [1, 2, 3, 4]]))
    assert theta.tolist() == [[0.5, 0, 0.25, 0, 0.75, -0.25], [1, 0, 2, 0, 3, 4]]


def test_a_crop_of_another_kind_or_of_six_numbers_is_refused(build):
    with pytest.raises(UnsupportedParameterError, match="expected one of RECT_CROP"):
        run(build, CROP.replace("RECT_CROP", "ROTATION"), normal(1, 4))
    with pytest.raises(ShapeError, match=r"\(n, 4\)"):
        run(build, CROP, normal(1, 6))
