"""Casting a net: numbers beyond a type's range are refused by name; accelerated float16 bears large variances."""

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError, WeightsError
from converter.fast import accelerate

NET = (
    'input: "data" input_shape { dim: 2 dim: 3 dim: 6 dim: 6 }\n'
    'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"\n'
    '  convolution_param { num_output: 4 kernel_size: 3 bias_term: false weight_filler { type: "xavier" } } }\n'
    'layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }\n'
    'layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }\n'
)
VARIANCES = [9e4, 2.5e5, 1e6, 4e6]
MEANS = [100.0, -50.0, 0.0, 300.0]
FACTOR = 999.98


@pytest.fixture
def net(tmp_path):
    """A convolution and a BatchNorm whose variances lie beyond float16's 65504, stored times 999.98 as Caffe does."""
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    module = converter.load(path, seed=0).eval()
    blobs = (np.float32(MEANS) * np.float32(FACTOR), np.float32(VARIANCES) * np.float32(FACTOR), np.float32([FACTOR]))
    module.set_blobs("bn1", blobs)
    return module


def image():
    return 300 * torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def by_hand(net):
    """max(0, (conv - mean) / sqrt(variance + eps)) in float64."""
    conv = torch.nn.functional.conv2d(image().double(), net.conv1.weight.double())
    mean, variance = (torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (MEANS, VARIANCES))
    return ((conv - mean) / (variance + 1e-5).sqrt()).relu()


@pytest.mark.parametrize("cast", [lambda net: net.half(), lambda net: net.to(torch.float16)])
def test_a_variance_beyond_float16_is_refused_by_name_and_nothing_is_changed(net, cast):
    with pytest.raises(
        WeightsError, match=r"layer 'bn1': running_var holds numbers up to 4e\+06; float16 ends at 65504"
    ):
        cast(net)
    assert {value.dtype for value in net.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_types_of_as_much_range_are_taken(net, dtype):
    wanted = by_hand(net)
    net.to(dtype)
    found = net(image().to(dtype))["conv1"].double()
    assert (found - wanted).abs().max() <= 5e-2 * wanted.abs().max()


def test_numbers_that_become_zero_are_noted(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    net = converter.load(path, seed=0)
    with torch.no_grad():
        net.conv1.weight[0] = 1e-9
    net.half()
    assert any("27 numbers became 0" in note for note in net.notes)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_an_accelerated_net_in_half_precision_is_right_for_large_variances(net, dtype):
    wanted = by_hand(net)
    with torch.no_grad():
        found = accelerate(net, dtype=dtype)(image())["conv1"].double()
    bound = 5e-3 if dtype is torch.float16 else 3e-2
    assert (found - wanted).abs().max() <= bound * wanted.abs().max()


def test_an_accelerated_net_refuses_other_numbers_beyond_the_range(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text('input: "x" input_shape { dim: 1 dim: 2 } layer { name: "s" type: "Scale" bottom: "x" top: "y" }\n')
    net = converter.load(path)
    with torch.no_grad():
        net.s.weight[0] = 1e6
    with pytest.raises(WeightsError, match="1e\\+06; float16"):
        accelerate(net, dtype=torch.float16)(torch.ones(1, 2))


def test_an_input_of_another_type_is_refused_by_both_types(net):
    net.bfloat16()
    with pytest.raises(ShapeError, match="'data' is float32, the module bfloat16"):
        net(image())


def test_a_net_with_another_head_compiles_and_exports_with_any_batch(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "data" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }\n'
        'layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7" inner_product_param { num_output: 6\n'
        '  weight_filler { type: "xavier" } } }\n'
        'layer { name: "loss3/classifier" type: "InnerProduct" bottom: "fc7" top: "out"\n'
        "  inner_product_param { num_output: 10 } }\n"
    )
    net = converter.load(path, seed=0).eval()
    setattr(net, "loss3/classifier", torch.nn.Linear(6, 5))
    x = torch.randn(3, 3, 4, 4)
    wanted = x.flatten(1) @ net.fc7.weight.T @ net.get_submodule("loss3/classifier").weight.T
    wanted = wanted + net.get_submodule("loss3/classifier").bias
    dims = ({0: torch.export.Dim("batch", max=64)},)
    program = torch.export.export(net, (x,), strict=True, dynamic_shapes=dims).module()
    compiled = torch.compile(net, fullgraph=True, backend="eager", dynamic=True)
    for size in (3, 2):
        assert program(x[:size])["out"].shape == (size, 5)
        torch.testing.assert_close(program(x[:size])["out"], wanted[:size])
        torch.testing.assert_close(compiled(x[:size])["out"], wanted[:size])
