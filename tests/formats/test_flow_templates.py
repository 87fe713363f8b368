"""FlowNet2's templates: `$NAME$` in a prototxt, and the diagonal filler that holds two of their values."""

import numpy as np
import pytest

import converter
import reference
from converter.errors import PrototxtError, ShapeError
from reference.errors import LayerError, TextError

TEXT = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: $H$ dim: 2 } } }
layer { name: "scale_conv" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 1
  weight_filler { type: "diagonal" diag_val: $SCALE_WIDTH$ diag_val: $SCALE_HEIGHT$ } } }
"""
VALUES = {"H": 1, "SCALE_WIDTH": 0.5, "SCALE_HEIGHT": 0.25}


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "deploy.prototxt.template"
    path.write_text(TEXT)
    return path


def test_a_flow_is_scaled_by_the_values_of_the_template(template):
    x = np.array([[[[8.0, 16]], [[8, 16]]]])
    net = converter.load(template, values=VALUES)
    assert net.blobs(x=x.astype(np.float32))["y"].tolist() == [[[[4, 8]], [[2, 4]]]]
    assert reference.run(template, None, {"x": x}, values=VALUES)["y"].tolist() == [[[[4, 8]], [[2, 4]]]]


def test_a_name_may_end_where_its_letters_do(template):
    """FlowNet's form of old, `$H`, beside the others."""
    template.write_text(TEXT.replace("$H$", "$H").replace("$SCALE_WIDTH$", "${SCALE_WIDTH}"))
    assert converter.load(template, values=VALUES).inputs["x"] == (1, 2, 1, 2)
    assert [layer.name for layer in reference.read_net(template, values=VALUES).layers] == ["in", "scale_conv"]
    with pytest.raises(PrototxtError, match=r"template:2:.*\$H is a place .*--set H=VALUE"):
        converter.read_net(template)
    with pytest.raises(TextError, match=r"template:2.*\$\{H\} is a place"):
        reference.read_net(template)


def test_an_open_place_of_either_form_says_what_it_is(template):
    with pytest.raises(PrototxtError, match=r"template:2:.*\$H\$ is a place .*--set H=VALUE"):
        converter.read_net(template)
    with pytest.raises(PrototxtError, match=r"no \$\{HEIGHT\} stands in it"):
        converter.read_net(template, values={"HEIGHT": 2})
    with pytest.raises(TextError, match=r"template:2.*\$\{H\} is a place"):
        reference.read_net(template)


KERNELS = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 } } }
layer { name: "it" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 2
  weight_filler { type: "diagonal" diag_val: 8 } } }
"""


def test_a_diagonal_kernel_is_even_and_sums_to_its_value_or_one(tmp_path):
    """8 / 4 = 2 in each of the first kernel's places, 1 / 4 in the second's."""
    path = tmp_path / "net.prototxt"
    path.write_text(KERNELS)
    x = np.array([1.0, 10, 100]).reshape(1, 3, 1, 1) * np.ones((2, 2))
    assert converter.load(path).blobs(x=x.astype(np.float32))["y"].flatten().tolist() == [8, 10]
    assert reference.run(path, None, {"x": x})["y"].flatten().tolist() == [8, 10]


def test_a_diagonal_filler_needs_four_axes(tmp_path):
    path = tmp_path / "net.prototxt"
    kind = 'type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler'
    path.write_text(f'{KERNELS.splitlines()[1]}\nlayer {{ name: "it" {kind} {{ type: "diagonal" }} }} }}')
    with pytest.raises(ShapeError, match="diagonal filler on shape"):
        converter.load(path)
    with pytest.raises(LayerError, match="4-D"):
        reference.run(path, None, {"x": np.ones((1, 3, 2, 2))})
