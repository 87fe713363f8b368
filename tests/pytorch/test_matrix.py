"""Every layer type and the five DilatedNets go through PyTorch's own tools as docs/pytorch.md says."""

import pytest
import torch

import converter
from tests.pytorch.matrix import DYNAMIC, TOOLS
from tests.pytorch.real_nets import NETS as REAL_NETS
from tests.pytorch.table import (
    BEGIN,
    END,
    NET_REASONS,
    PAGE,
    REASONS,
    case_inputs,
    failure,
    image_inputs,
    layer_cases,
    loaded,
    mini_nets,
    page_table,
    real_net,
)

LAYERS = layer_cases()
NETS = mini_nets()


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_type_goes_through_the_tools_but_those_that_the_page_excepts(kind):
    case = LAYERS[kind]
    net = converter.load(case.prototxt, case.weights).eval()
    inputs = case_inputs(net, case)
    failures = {tool: text for tool in TOOLS if (text := failure(tool, net, inputs))}
    assert set(failures) == {tool for name, tool in REASONS if name == kind}, failures


def _net_tools():
    """Every tool with one net, and what compiles or exports for seconds with the other four in a long run alone."""
    for name in NETS:
        for tool in [*TOOLS, *DYNAMIC]:
            long = name != "dilation8_pascal_voc" and tool.startswith(("compile", "export"))
            yield pytest.param(name, tool, marks=[pytest.mark.slow] if long else [])


@pytest.mark.parametrize(("name", "tool"), list(_net_tools()))
def test_a_dilated_net_goes_through_every_tool(name, tool):
    net = loaded(NETS[name])
    assert failure(tool, net, image_inputs(net)) == ""


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if real.slow else []) for name, real in REAL_NETS.items()]
)
def test_a_real_net_goes_through_the_tools_but_those_that_the_page_excepts(name):
    net = real_net(REAL_NETS[name])
    inputs = image_inputs(net)
    failures = {tool: text for tool in [*TOOLS, *DYNAMIC] if (text := failure(tool, net, inputs, REAL_NETS[name].axes))}
    assert set(failures) == {tool for net_name, tool in NET_REASONS if net_name == name}, failures


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    told = text.partition(BEGIN)[2].partition(END)[0].strip()
    assert told == page_table(), "run python -m tests.pytorch.table"


def test_a_head_is_replaced_by_assignment(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "data" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }\n'
        'layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7" inner_product_param { num_output: 6 } }\n'
        'layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }\n'
        'layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" inner_product_param { num_output: 10 } }\n'
    )
    net = converter.load(path, seed=0)
    net.fc8 = torch.nn.Linear(6, 5)
    output = net(torch.ones(2, 3, 4, 4))["fc8"]
    assert output.shape == (2, 5)
    output.sum().backward()
    assert net.fc8.weight.grad is not None


def test_features_give_the_blobs_asked_for_and_compute_nothing_after_them():
    net = loaded(NETS["dilation8_pascal_voc"])
    (x,) = image_inputs(net)
    part = converter.features(net, ["pool1", "conv2_1"])
    with torch.no_grad():
        found, every = part(data=x), net.blobs(data=x)
    assert list(found) == ["pool1", "conv2_1"]
    assert all(torch.equal(found[name], every[name]) for name in found)
    assert not any(node.target == "conv2_2" for node in part.graph.nodes)
    assert part.conv1_1 is net.conv1_1
    with pytest.raises(converter.GraphError, match="conv4_3"):
        converter.features(net, ["conv4_33"])


def test_numpy_goes_in_by_the_door_and_other_types_are_refused_by_name():
    net = loaded(NETS["frontend_pascal_voc"])
    (x,) = image_inputs(net)
    with torch.no_grad():
        assert torch.equal(net(data=x.numpy())["prob"], net(x)["prob"])
    for wrong, words in ((x.double(), "float64"), ({"data": x}, "dict"), (x.to("meta"), "meta")):
        with pytest.raises(converter.ShapeError, match=f"'data' is .*{words}"):
            net(wrong)
    with pytest.raises(converter.ShapeError, match="unknown image"):
        net(image=x)
    with pytest.raises(converter.ShapeError, match=r"layer 'conv1_1' \(Convolution\)"):
        net(x[:, :2])


def test_a_users_own_layer_is_any_module(tmp_path):
    class Doubled(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    @converter.layer("DoubledHere")
    class DoubledHere(converter.Operator):
        def module(self):
            return Doubled()

    path = tmp_path / "net.prototxt"
    path.write_text('input: "x" input_shape { dim: 2 } layer { name: "d" type: "DoubledHere" bottom: "x" top: "y" }')
    net = converter.load(path)
    assert isinstance(net.d, Doubled)
    assert net(x=torch.ones(2))["y"].tolist() == [2, 2]
