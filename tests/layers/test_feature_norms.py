"""NormFace's and AM-Softmax's layers by hand: features over their norms, products with rows of length 1.

The fork's code could not be run: values follow from happynear/caffe-windows's normalize_layer.cu and
inner_product_layer.cu.
"""

import numpy as np
import pytest
import torch

import converter
from converter.errors import UnsupportedParameterError
from tests.layers.one_layer import run

X = np.array([[3.0, -4.0], [0.0, 2.0]])
UNIT = 'type: "InnerProduct" inner_product_param { num_output: 2 normalize: true '


def test_a_normalize_layer_that_states_nothing_has_no_factor_and_four_axes(build):
    y, norm = run(build, 'type: "Normalize"', X, tops=2)
    assert (y.shape, norm.shape) == ((2, 2, 1, 1), (2, 1, 1, 1))
    assert y[..., 0, 0] == pytest.approx(np.array([[0.6, -0.8], [0, 1]]))
    assert norm.ravel() == pytest.approx([5, 2])
    (y,) = run(build, 'type: "Normalize" normalize_param { normalize_type: "L1" }', X)
    assert y[..., 0, 0] == pytest.approx(np.array([[3 / 7, -4 / 7], [0, 1]]), rel=1e-6)


def test_each_position_of_a_map_has_its_norm(build):
    image = np.array([[[[3.0, 0.0]], [[4.0, -2.0]]]])
    y, norm = run(build, 'type: "Normalize" normalize_param { bp_norm: true }', image, tops=2)
    assert y[0, :, 0] == pytest.approx(np.array([[0.6, 0], [0.8, -1]]))
    assert norm.ravel() == pytest.approx([5, 2])


@pytest.mark.parametrize(
    ("fields", "of_y", "of_norm"),
    [
        # of the first feature, 1 for y0: (1 - 0.6 · 0.6) / 5, 0.6 · 0.8 / 5; of its norm 0.6, -0.8
        ("", [0.128, 0.096], None),
        ("normalize_param { bp_norm: true }", [0.128, 0.096], [0.6, -0.8]),
        ("normalize_param { fix_gradient: true bp_norm: true }", [0.64, 0.48], [0.6, -0.8]),
    ],
)
def test_the_gradients_are_the_originals(build, fields, of_y, of_norm):
    net = build(f'type: "Normalize" bottom: "x" top: "y" top: "n" {fields}', {"x": (2, 2)}).double()
    x = torch.tensor(X, requires_grad=True)
    blobs = net.blobs(x=x)
    blobs["y"][0, 0].sum().backward(retain_graph=True)
    np.testing.assert_allclose(x.grad.numpy()[0], of_y)
    assert blobs["n"].requires_grad == (of_norm is not None)
    if of_norm is not None:
        x.grad = None
        blobs["n"][0].sum().backward()
        np.testing.assert_allclose(x.grad.numpy()[0], of_norm)


def test_weights_tell_ssds_layer_from_this_one(tmp_path):
    """Without a norm_param the count of blobs decides, where weights are at hand."""
    text = (
        'input: "x" input_shape {{ dim: 1 dim: 2 }}\nlayer {{ name: "it" type: "Normalize" bottom: "x" top: "y" {} }}\n'
    )
    (tmp_path / "ssd.prototxt").write_text(text.format("norm_param { }"))
    (tmp_path / "bare.prototxt").write_text(text.format(""))
    ssd = converter.load(tmp_path / "ssd.prototxt")
    with torch.no_grad():
        ssd.it.weight.fill_(7.0)
    torch.save(ssd.state_dict(), tmp_path / "ssd.pth")
    bare = converter.load(tmp_path / "bare.prototxt", tmp_path / "ssd.pth")
    assert bare(x=torch.tensor([[3.0, 4.0]]))["y"].flatten().tolist() == pytest.approx([4.2, 5.6])
    alone = converter.load(tmp_path / "bare.prototxt")
    assert not alone.state_dict()
    assert alone(x=torch.tensor([[3.0, 4.0]]))["y"].flatten().tolist() == pytest.approx([0.6, 0.8])


def test_other_norms_are_refused(build):
    with pytest.raises(UnsupportedParameterError, match="normalize_type is 'L3'; expected L1 or L2"):
        run(build, 'type: "Normalize" normalize_param { normalize_type: "L3" }', X)


def test_an_inner_product_with_normalize_divides_its_rows_and_in_training_keeps_them_so(build):
    """Rows (0, 2) and (3, 4) are (0, 1) and (0.6, 0.8); the bias is added as it is."""
    net = build(f'{UNIT} }} bottom: "x" top: "y"', {"x": (2, 2)}).double()
    net.set_blobs("it", [np.array([[0.0, 2.0], [3.0, 4.0]]), np.array([1.0, 0.0])])
    x = torch.tensor(X)
    wanted = [[-3, 0.6 * 3 - 0.8 * 4], [3, 1.6]]
    np.testing.assert_allclose(net(x=x)["y"].detach().numpy(), wanted)
    assert net.it.weight.tolist() == [[0, 2], [3, 4]]
    np.testing.assert_allclose(net.train()(x=x)["y"].detach().numpy(), wanted)
    np.testing.assert_allclose(net.it.weight.detach().numpy(), [[0, 1], [0.6, 0.8]])


def test_the_gradient_of_unit_rows_is_the_products_own(build):
    net = build(f'{UNIT} bias_term: false }} bottom: "x" top: "y"', {"x": (2, 2)}).double()
    net.set_blobs("it", [np.array([[0.0, 2.0], [3.0, 4.0]])])
    x = torch.tensor(X, requires_grad=True)
    net.blobs(x=x)["y"][0].sum().backward()
    np.testing.assert_allclose(net.it.weight.grad.numpy(), [[3, -4], [3, -4]])
    np.testing.assert_allclose(x.grad.numpy(), [[0.6, 1.8], [0, 0]])


def test_normalize_beside_transpose_is_refused(build):
    with pytest.raises(UnsupportedParameterError, match="normalize is true beside transpose"):
        run(build, f"{UNIT} transpose: true }}", X)
