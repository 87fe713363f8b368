"""SpatialTransformer by hand arithmetic from daerduoCarey/SpatialTransformerLayer's st_layer.cpp."""

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
