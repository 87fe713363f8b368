"""Inner products with an angular margin by hand arithmetic, their counts and gradients, and what they refuse.

No fork's code could be run: values follow from wy1iu/sphereface's margin_inner_product_layer.cpp and
wy1iu/LargeMargin_Softmax_Loss's largemargin_inner_product_layer.cpp.
"""

import copy
import io

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError, UnsupportedParameterError
from tests.layers.one_layer import run

A_SOFTMAX = 'type: "MarginInnerProduct" margin_inner_product_param { num_output: 2 '
L_SOFTMAX = 'type: "LargeMarginInnerProduct" largemargin_inner_product_param { num_output: 2 '
WEIGHT = np.array([[2.0, 0.0], [0.0, 5.0]])
FEATURES, LABELS = np.array([[3.0, 4.0], [-3.0, 4.0]]), np.zeros(2)
"""Cosines of 0.6 and -0.6 with class 0; length 5."""


def margin_net(build, body: str, phase: str = "test"):
    net = build(f'{body} bottom: "x" bottom: "t" top: "y" top: "l"', {"x": (2, 2), "t": (2,)}, phase=phase).double()
    net.set_blobs("it", [WEIGHT])
    return net


def through(net, x=FEATURES) -> dict[str, torch.Tensor]:
    return net.blobs(x=torch.as_tensor(x, dtype=torch.float64), t=torch.tensor(LABELS))


@pytest.mark.parametrize(
    ("kind", "psi"),
    [
        ("DOUBLE", (2 * 0.36 - 1, -2 * 0.36 - 1)),
        ("TRIPLE", (4 * 0.216 - 1.8, -4 * 0.216 + 1.8 - 4)),
        # 2 · 0.36 - 1 < 0 turns both: -cos(4 angle) - 2 and, beyond half a turn, cos(4 angle) - 4
        ("QUADRUPLE", (-(8 * 0.1296 - 8 * 0.36 + 1) - 2, (8 * 0.1296 - 8 * 0.36 + 1) - 4)),
    ],
)
def test_the_labels_score_is_a_mean_of_the_lengthened_angles_and_its_own(build, kind, psi):
    """lambda 3: (5 psi + 3 · ±3) / 4, and of a weight of length 2 twice that; class 1 scores 4, of length 5 20."""
    (y, share) = run(build, f"{A_SOFTMAX} type: {kind} base: 3 }}", FEATURES, LABELS, tops=2, parameters=[WEIGHT])
    scores = [(5 * psi[0] + 9) / 4, (5 * psi[1] - 9) / 4]
    assert share.tolist() == [3]
    assert y == pytest.approx(np.array([[scores[0], 4], [scores[1], 4]]))
    (y,) = run(build, f"{L_SOFTMAX} type: {kind} base: 3 }}", FEATURES, LABELS, parameters=[WEIGHT])
    assert y == pytest.approx(np.array([[2 * scores[0], 20], [2 * scores[1], 20]]))


def test_single_is_the_product_whatever_the_labels(build):
    beyond = np.full(2, 7.0)
    (y,) = run(build, f"{A_SOFTMAX} }}", FEATURES, beyond, parameters=[WEIGHT])
    assert y == pytest.approx(np.array([[3, 4], [-3, 4]]))
    (y,) = run(build, f"{L_SOFTMAX} }}", FEATURES, beyond, parameters=[WEIGHT])
    assert y == pytest.approx(np.array([[6, 20], [-6, 20]]))


@pytest.mark.parametrize(
    ("kind", "of_own", "of_x"),
    [
        ("DOUBLE", 4 * 0.6, -(2 * 0.36 + 1) / 5),
        ("TRIPLE", 12 * 0.36 - 3, -8 * 0.216 / 5),
        ("QUADRUPLE", -(32 * 0.216 - 16 * 0.6), -(-(24 * 0.1296 - 8 * 0.36 - 1) + 2) / 5),
    ],
)
def test_sphereface_divides_the_slopes_of_x_by_their_length_and_gives_the_weight_the_products_own(
    build, kind, of_own, of_x
):
    """Of scores weighted 2 and 7, lambda 1: 7 (0, 1) + 2 / 2 (1, 0) + 2 / 2 (a (1, 0) + b (3, 4)) / |(a, b)|."""
    net = margin_net(build, f"{A_SOFTMAX} type: {kind} base: 1 }}")
    x = torch.tensor(FEATURES, requires_grad=True)
    (through(net, x)["y"] * torch.tensor([[2.0, 7.0], [0.0, 0.0]])).sum().backward()
    a, b = of_own / np.hypot(of_own, of_x), of_x / np.hypot(of_own, of_x)
    np.testing.assert_allclose(x.grad.numpy(), [[1 + a + 3 * b, 7 + 4 * b], [0, 0]], atol=1e-12)
    np.testing.assert_allclose(net.blob_parameter("it", 0).grad.numpy(), [[6, 8], [21, 28]])


@pytest.mark.parametrize("start", [A_SOFTMAX, L_SOFTMAX])
def test_lambda_falls_with_the_passes_in_training_and_stays_in_evaluation(build, start):
    """4 (1 + t)^-2 from t = 2 on, at least 0.1: 4 / 9, 4 / 16, then in evaluation the next, 4 / 25, twice."""
    net = margin_net(build, f"{start} base: 4 gamma: 1 power: 2 iteration: 1 lambda_min: 0.1 }}", "train")
    assert [through(net)["l"].item() for _ in range(2)] == pytest.approx([4 / 9, 4 / 16])
    assert [through(net.eval())["l"].item() for _ in range(2)] == pytest.approx([4 / 25] * 2)
    other = copy.deepcopy(net).train()
    assert [through(other)["l"].item() for _ in range(3)] == pytest.approx([4 / 25, 4 / 36, 0.1])
    assert through(net)["l"].item() == pytest.approx(4 / 25)
    assert list(net.state_dict()) == ["it.weight"]
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    assert through(torch.load(file, weights_only=False))["l"].item() == pytest.approx(4 / 25)


@pytest.mark.parametrize("start", [A_SOFTMAX, L_SOFTMAX])
def test_a_compiled_net_counts_on_in_training(build, start):
    net = margin_net(build, f"{start} type: QUADRUPLE base: 4 gamma: 1 power: 2 }}", "train")
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    fed = {"x": torch.tensor(FEATURES), "t": torch.tensor(LABELS)}
    assert [compiled(**fed)["l"].item() for _ in range(3)] == pytest.approx([1, 4 / 9, 4 / 16])


def test_sphereface_scales_the_stored_rows_to_one_in_training_alone(build):
    """Two passes before the backward pass leave the gradients of both: 2 (x0 + x1) for class 0, and for class 1."""
    net = margin_net(build, f"{A_SOFTMAX} type: DOUBLE }}")
    through(net)
    assert net.blob_parameter("it", 0).tolist() == WEIGHT.tolist()
    net.train()
    (through(net)["y"].sum() + through(net)["y"].sum()).backward()
    assert net.blob_parameter("it", 0).tolist() == [[1, 0], [0, 1]]
    assert net.blob_parameter("it", 0).grad.tolist() == [[0, 16], [0, 16]]


def test_a_feature_of_length_0_is_nan_at_its_label_as_in_sphereface_and_finite_in_l_softmax(build):
    x = np.zeros((2, 2))
    (y,) = run(build, f"{A_SOFTMAX} type: QUADRUPLE }}", x, LABELS, parameters=[WEIGHT])
    assert np.isnan(y[:, 0]).all() and (y[:, 1] == 0).all()
    (y,) = run(build, f"{L_SOFTMAX} type: QUADRUPLE base: 0 }}", x, LABELS, parameters=[WEIGHT])
    assert y == pytest.approx(np.array([[-3e-9, 0]] * 2), abs=1e-15)


NET = """
layer {{ name: "data" type: "Input" top: "x" top: "t" input_param {{ shape {{ dim: 2 dim: 2 }} shape {{ dim: 2 }} }} }}
layer {{ name: "it" type: "MarginInnerProduct" bottom: "x" bottom: "t" top: "y" top: "l" include {{ phase: TRAIN }}
  margin_inner_product_param {{ num_output: 2 type: DOUBLE base: 4 gamma: 1 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "it" bottom: "x" top: "y" {other} include {{ phase: TEST }} }}
"""


@pytest.mark.parametrize(
    "other",
    [
        'type: "InnerProduct" inner_product_param { num_output: 2 bias_term: false }',
        f'{A_SOFTMAX} base: 4 gamma: 1 }} bottom: "t" top: "l"',
    ],
)
def test_a_test_net_shares_the_weight_and_counts_for_itself(tmp_path, other):
    (tmp_path / "net.prototxt").write_text(NET.format(other=other))
    train, test = (converter.load(tmp_path / "net.prototxt", phase=phase, seed=1) for phase in ("train", "test"))
    test.adopt(train)
    fed = {"x": torch.tensor(FEATURES).float(), "t": torch.tensor(LABELS).float()}
    assert [train.blobs(**fed)["l"].item() for _ in range(3)] == pytest.approx([2, 4 / 3, 1])
    assert test.it.weight is train.it.weight
    assert test.blobs(**fed).get("l", torch.tensor(2.0)).item() == 2


@pytest.mark.parametrize("start", [A_SOFTMAX, L_SOFTMAX])
def test_a_head_of_other_classes_keeps_the_margin(build, start):
    net = converter.replace_head(margin_net(build, f"{start} type: TRIPLE }}"), "it", 5, seed=1)
    assert (net.it.weight.shape, net.it.margin) == ((5, 2), 3)
    assert through(net)["y"].shape == (2, 5)


def test_labels_without_a_class_are_refused_where_there_is_a_margin(build):
    with pytest.raises(ShapeError, match="label 2; expected 0 to 1"):
        run(build, f"{A_SOFTMAX} type: DOUBLE }}", FEATURES, np.full(2, 2.0), parameters=[WEIGHT])


@pytest.mark.parametrize("start", [A_SOFTMAX, L_SOFTMAX])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("num_output: 0", "num_output is 0; expected at least 1"),
        ("type: FIVEFOLD", "expected one of SINGLE, DOUBLE, TRIPLE, QUADRUPLE"),
        ("gamma: -1", "gamma is -1; expected 0 or more"),
        ("lambda_min: -0.5", "lambda_min is -0.5; expected 0 or more"),
        ("iteration: -3", "iteration is -3; expected 0 or more"),
        ("margin: 2", "margin"),
    ],
)
def test_what_makes_no_lambda_or_margin_is_refused(build, start, more, words):
    with pytest.raises(UnsupportedParameterError, match=words):
        run(build, f"{start} {more} }}", FEATURES, LABELS, parameters=[WEIGHT])


def test_labels_stand_one_for_each_place(build):
    with pytest.raises(ShapeError, match="a label for each place before it"):
        run(build, f"{A_SOFTMAX} }}", FEATURES, np.zeros(3), parameters=[WEIGHT])
    with pytest.raises(ShapeError, match="an axis from 1 on"):
        run(build, f"{L_SOFTMAX} axis: 0 }}", FEATURES, LABELS, parameters=[WEIGHT])
