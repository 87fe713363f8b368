"""AssistedExcitation by hand, and its fading in training; eric612/MobileNet-YOLO could not be run.

Values follow from src/caffe/layers/assisted_excitation_layer.cpp.
"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError
from converter.solver.settings import read_settings
from converter.solver.solver import Solver
from tests.layers.one_layer import run

BODY = 'type: "AssistedExcitation"'


def boxes(*rows: list[float], items: int = 1) -> np.ndarray:
    """Labels of the first item; the others have a box that covers everything."""
    found = np.zeros((items, 1, 300, 5))
    found[0, 0, : len(rows)] = np.reshape(rows, (-1, 5))
    found[1:, 0, 0] = [0, 0.5, 0.5, 1, 1]
    return found


MEAN = np.arange(1.0, 17).reshape(1, 4, 4)


def excited(build, *rows: list[float]) -> list[list[float]]:
    (top,) = run(build, BODY, np.zeros((1, 2, 4, 4)), boxes(*rows), MEAN)
    np.testing.assert_array_equal(top[0, 0], top[0, 1])
    return top[0, 0].tolist()


def test_the_mean_is_added_where_boxes_are(build):
    """Columns 0.6 to 1.4: from 0, to 2.35 cut; rows 2.2 to 3.8: from 2, to 4.75 cut and held at 4."""
    assert excited(build, [1, 0.25, 0.75, 0.2, 0.4]) == [[0] * 4, [0] * 4, [9, 10, 0, 0], [13, 14, 0, 0]]


def test_a_box_covers_a_cell_at_least_and_boxes_are_no_sum(build):
    """Of no size in the last cell; two alike; after a row without x nothing counts."""
    rows = [0, 1.5, 0, 0, 0], [0, 0.1, 0.1, 0, 0], [0, 0.1, 0.1, 0, 0], [0, 0, 0.5, 1, 1], [0, 0.5, 0.5, 1, 1]
    assert excited(build, *rows) == [[1, 0, 0, 4], [0] * 4, [0] * 4, [0] * 4]


def test_only_the_first_item_is_excited_and_only_x_has_a_gradient(build):
    net = build(
        f'{BODY} bottom: "x" bottom: "b" bottom: "m" top: "y"',
        {"x": (2, 1, 4, 4), "b": (2, 1, 300, 5), "m": (2, 4, 4)},
    )
    x = torch.zeros(2, 1, 4, 4, requires_grad=True)
    mean = torch.ones(2, 4, 4, requires_grad=True)
    top = net.blobs(x=x, b=torch.from_numpy(boxes([0, 0.5, 0.5, 1, 1], items=2)).float(), m=mean)["y"]
    assert top.flatten(1).mean(1).tolist() == [1, 0]
    top.sum().backward()
    assert (x.grad == 1).all() and mean.grad is None


def test_shapes_that_do_not_fit_are_refused(build):
    with pytest.raises(ShapeError, match="300, 5"):
        run(build, BODY, np.zeros((1, 2, 4, 4)), np.zeros((1, 1, 30, 5)), MEAN)
    with pytest.raises(ShapeError, match="n, h, w"):
        run(build, BODY, np.zeros((1, 2, 4, 4)), boxes(), MEAN[:, 1:])


def test_it_fades_over_three_quarters_of_a_training(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text("""
      layer { name: "in" type: "Input" top: "x" top: "b" top: "m" top: "t" input_param { shape { dim: [1, 1, 2, 2] }
        shape { dim: [1, 1, 300, 5] } shape { dim: [1, 2, 2] } shape { dim: [1, 1, 2, 2] } } }
      layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 1 kernel_size: 1 } }
      layer { name: "ae" type: "AssistedExcitation" bottom: "c" bottom: "b" bottom: "m" top: "y" }
      layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "l" }""")
    (tmp_path / "solver.prototxt").write_text(
        'net: "net.prototxt" base_lr: 0 lr_policy: "fixed" max_iter: 4 type: "SGD"'
    )
    net = converter.load(tmp_path / "net.prototxt", phase="train", seed=0)
    solver = Solver(net, read_settings(tmp_path / "solver.prototxt"))
    fed = {
        "x": torch.zeros(1, 1, 2, 2),
        "b": torch.from_numpy(boxes([0, 0.5, 0.5, 1, 1])).float(),
        "m": torch.ones(1, 2, 2),
        "t": torch.zeros(1, 1, 2, 2),
    }
    losses = [solver.step(fed) for _ in range(4)]
    alphas = [1, math.cos(math.pi / 6), math.cos(math.pi / 3), 0]
    assert losses == pytest.approx([4 * alpha**2 / 2 for alpha in alphas], abs=1e-6)
