"""CenterLoss and TripletLoss by hand, their gradients, and what they refuse.

No fork's code could be run: values follow from ydwen/caffe-face's center_loss_layer.cpp and xuzhenqi/caffe's
triplet_loss_layer.cpp.
"""

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import run

CENTER = 'type: "CenterLoss" center_loss_param { num_output: 3 }'


def test_centers_move_by_what_their_items_lack_whatever_the_weight(build):
    """Items 1 and 3 of class 0 lie 1 and 3 from its center 0, item 5 of class 2 lies 1 from 4: (1 + 9 + 1) / 2 / 3.

    Centers: -(1 + 3) / (2 + 1), 0, -1 / (1 + 1), though the loss weighs a quarter; items: distance / 3 / 4.
    """
    net = build(f'{CENTER} bottom: "x" bottom: "t" top: "y" loss_weight: 0.25', {"x": (3, 1), "t": (3,)}).double()
    net.set_blobs("it", [np.array([[0.0], [9.0], [4.0]])])
    x = torch.tensor([[1.0], [3.0], [5.0]], dtype=torch.float64, requires_grad=True)
    loss = net.blobs(x=x, t=torch.tensor([0.0, 0.0, 2.0], dtype=torch.float64))["y"]
    (loss * 0.25).backward()
    assert float(loss.detach()) == pytest.approx(11 / 6)
    np.testing.assert_allclose(net.blob_parameter("it", 0).grad.numpy(), [[-4 / 3], [0], [-0.5]])
    np.testing.assert_allclose(x.grad.numpy(), [[1 / 12], [3 / 12], [1 / 12]])


def test_a_triplet_costs_what_its_margin_lacks(build):
    """Distances 1 and 4 cost 2 + 1 - 4 < 0, nothing; 4 and 1 cost 5: over two items and by two, 5 / 4."""
    body = 'type: "TripletLoss" triplet_loss_param { margin: 2 }'
    (loss,) = run(build, body, np.zeros((2, 1)), np.array([[1.0], [2.0]]), np.array([[2.0], [1.0]]))
    assert loss == 1.25


def test_other_shapes_classes_and_fields_are_refused(build):
    x = np.zeros((2, 1))
    with pytest.raises(ShapeError, match="n labels"):
        run(build, CENTER, x, np.zeros(3), parameters=[np.zeros((3, 1))])
    with pytest.raises(ShapeError, match="label 3; expected 0 to 2"):
        run(build, CENTER, x, np.full(2, 3.0), parameters=[np.zeros((3, 1))])
    with pytest.raises(UnsupportedParameterError, match="at least 1"):
        run(build, 'type: "CenterLoss" center_loss_param { num_output: 0 }', x, np.zeros(2))
    with pytest.raises(ShapeError, match="as many items and values"):
        run(build, 'type: "TripletLoss"', x, x, np.zeros((2, 2)))
    with pytest.raises(UnsupportedParameterError, match="num_triplets"):
        run(build, 'type: "TripletLoss" triplet_loss_param { num_triplets: 3 }', x, x, x)
