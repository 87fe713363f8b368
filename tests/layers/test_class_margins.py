"""Margins on the label's score by hand, their gradients, ChannelScale and Flip; what they refuse.

No fork's code could be run: values follow from xialuxi/arcface-caffe's cosin_add_m_layer.cpp and .cu,
gehaocool/CombinedMargin-caffe's combined_margin_layer.cu, and happynear/caffe-windows's label_specific_add.cpp,
channel_scale_layer.cpp and flip_layer.cpp.
"""

import copy
import math

import numpy as np
import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import normal, run

COSINES, LABELS = np.array([[0.6, 0.2], [0.3, -0.8], [-1.0, 0.5], [1.25, 0.5]]), np.array([0.0, 1, 0, 0])
ARC = 'type: "CosinAddm" cosin_add_m_param { m: 0.5 }'
COMBINED = 'type: "CombinedMargin" combined_margin_param'


def gradient(build, body: str, x: np.ndarray, phase: str = "train") -> np.ndarray:
    """Of the sum of a layer's scores."""
    net = build(f'{body} bottom: "x" bottom: "l" top: "y"', {"x": x.shape, "l": LABELS.shape}, phase=phase).double()
    leaf = torch.tensor(x, requires_grad=True)
    net.blobs(x=leaf, l=torch.tensor(LABELS))["y"].sum().backward()
    return leaf.grad.numpy()


def test_arcface_adds_to_the_labels_angle_and_beyond_pi_takes_from_its_cosine(build):
    """cos(a + 0.5) of cosines 0.6 and -0.8, whose sines are 0.8 and 0.6; -1 lies beyond; 1.25 counts as 1."""
    c, s = math.cos(0.5), math.sin(0.5)
    (y,) = run(build, ARC, COSINES, LABELS, phase="train")
    wanted = [[0.6 * c - 0.8 * s, 0.2], [0.3, -0.8 * c - 0.6 * s], [-1 - 0.5 * s, 0.5], [c, 0.5]]
    assert y == pytest.approx(np.array(wanted))
    assert np.array_equal(run(build, ARC, COSINES, LABELS)[0], COSINES)
    slopes = [[c + s * 0.6 / 0.8, 1], [1, c - s * 0.8 / 0.6], [1, 1], [1, 1]]
    np.testing.assert_allclose(gradient(build, ARC, COSINES), slopes)


@pytest.mark.parametrize("phase", ["train", "test"])
def test_a_combined_margin_widens_the_angle_and_lessens_its_cosine(build, phase):
    """Twice the angle: 2 · 0.36 - 1; of -0.8 it is beyond pi, as of -1: cos(pi - 1e-4); of 1.25 that of 1 - 1e-4."""
    (y,) = run(build, f"{COMBINED} {{ m1: 2 m2: 0 m3: 0.25 }}", COSINES, LABELS, phase=phase)
    last = -math.cos(1e-4) - 0.25
    top = 2 * (1 - 1e-4) ** 2 - 1.25
    assert y == pytest.approx(np.array([[0.72 - 1.25, 0.2], [0.3, last], [last, 0.5], [top, 0.5]]))


def test_a_combined_margins_gradient_is_held_within_0_and_2(build):
    """m1 sin(m1 a) / sin(a) = m1² cos(a) at m1 = 2: 2.4 held at 2; near pi 2 sin(1e-4) over sines of 0.6 and 1.4e-2."""
    slopes = gradient(build, f"{COMBINED} {{ m1: 2 m2: 0 m3: 0.25 }}", COSINES)
    edge = math.sqrt(1 - (1 - 1e-4) ** 2)
    wanted = [[2, 1], [1, 2 * math.sin(1e-4) / 0.6], [2 * math.sin(1e-4) / edge, 1], [2, 1]]
    np.testing.assert_allclose(slopes, wanted, rtol=1e-9)
    plain = gradient(build, f"{COMBINED} {{ m1: 1 m2: 0.5 m3: 0 }}", COSINES[:1].repeat(4, 0))
    assert plain[0, 0] == pytest.approx((0.8 * math.cos(0.5) + 0.6 * math.sin(0.5)) / 0.8)


def test_a_falling_bias_goes_on_with_the_passes_in_training(build):
    """0.5 + 1 - 0.25 t - 1 from t = 2 on: 0, -0.25, -0.5, then held at -0.6; the scores are above it."""
    fields = "bias_base: 0.5 bias_gamma: -0.25 bias_power: 1 bias_min: -0.6 bias_max: 0.5 iteration: 2"
    body = f'type: "LabelSpecificAdd" label_specific_add_param {{ {fields} }} bottom: "x" bottom: "l" top: "y" top: "b"'
    net = build(body, {"x": (1, 2), "l": (1,)}, phase="train").double()

    def bias(module):
        blobs = module.blobs(x=torch.tensor([[0.9, 0.3]], dtype=torch.float64), l=torch.zeros(1, dtype=torch.float64))
        assert blobs["y"][0].tolist() == pytest.approx([0.9 + blobs["b"].item(), 0.3])
        return blobs["b"].item()

    assert [bias(net) for _ in range(2)] == pytest.approx([0, -0.25])
    assert [bias(net.eval()) for _ in range(2)] == pytest.approx([-0.5, -0.5])
    assert [bias(copy.deepcopy(net).train()) for _ in range(2)] == pytest.approx([-0.5, -0.5])
    assert [bias(net.train()) for _ in range(2)] == pytest.approx([-0.5, -0.6])


def test_a_falling_bias_without_a_base_is_refused(build):
    with pytest.raises(UnsupportedParameterError, match="bias_gamma"):
        run(build, 'type: "LabelSpecificAdd" label_specific_add_param { bias_gamma: 2 }', COSINES, LABELS)


def test_channels_are_scaled_and_gradients_left_out(build):
    x, scale = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[[[5.0]]], [[[7.0]]]])
    (y,) = run(build, 'type: "ChannelScale"', x, scale)
    assert y.tolist() == [[5, 10], [21, 28]]
    for fields, value, of_x, of_scale in (
        ("do_forward: false", x, [[5, 5], [7, 7]], [3, 7]),
        ("do_backward_feature: false", y, [[1, 1], [1, 1]], [3, 7]),
        ("do_backward_scale: false", y, [[5, 5], [7, 7]], None),
    ):
        body = f'type: "ChannelScale" channel_scale_param {{ {fields} }} bottom: "x" bottom: "s" top: "y"'
        net = build(body, {"x": (2, 2), "s": (2, 1, 1, 1)}).double()
        leaves = [torch.tensor(array, requires_grad=True) for array in (x, scale)]
        found = net.blobs(x=leaves[0], s=leaves[1])["y"]
        found.sum().backward()
        assert found.tolist() == value.tolist()
        assert leaves[0].grad.tolist() == of_x
        assert (None if leaves[1].grad is None else leaves[1].grad.flatten().tolist()) == of_scale


def test_a_running_scale_and_other_numbers_of_factors_are_refused(build):
    with pytest.raises(UnsupportedParameterError, match="global_scale is true"):
        run(build, 'type: "ChannelScale" channel_scale_param { global_scale: true }', normal(2, 3), normal(2))
    with pytest.raises(ShapeError, match="one number a position"):
        run(build, 'type: "ChannelScale"', normal(2, 3), normal(2, 3))


def test_images_are_mirrored(build):
    image = np.arange(6.0).reshape(1, 1, 2, 3)
    assert run(build, 'type: "Flip"', image)[0][0, 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    both = 'type: "Flip" flip_param { flip_height: true }'
    assert run(build, both, image)[0][0, 0].tolist() == [[5, 4, 3], [2, 1, 0]]
    with pytest.raises(ShapeError, match="expected 4 axes"):
        run(build, 'type: "Flip"', normal(2, 3))


@pytest.mark.parametrize("kind", ["CosinAddm", "CombinedMargin"])
def test_a_label_for_each_item(build, kind):
    with pytest.raises(ShapeError, match="expected one an item"):
        run(build, f'type: "{kind}"', COSINES, np.zeros(3), phase="train")
    with pytest.raises(ShapeError, match="label 2; expected 0 to 1"):
        run(build, f'type: "{kind}"', COSINES, np.full(4, 2.0), phase="train")
