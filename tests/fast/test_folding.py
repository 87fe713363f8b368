"""BatchNorm, Scale and sums within convolutions: the same outputs, fewer modules, and what must stay apart."""

import pytest
import torch
from torch import fx, nn

import converter
from converter.fast import accelerate, onednn
from converter.fast.folding import channel_affine, fold_affine
from converter.fast.sums import SummedConvolution
from converter.modules.affine_batch_norm import AffineBatchNorm2d
from converter.modules.combine import Scale
from converter.modules.normalization import CaffeBatchNorm2d, ScaledBatchNorm2d

CONVOLUTION = "convolution_param {{ num_output: 4 kernel_size: 3 pad: 1 weight_filler {{ type: 'xavier' }} {more} }}"
BLOCK = """
input: "x" input_shape {{ dim: 2 dim: 4 dim: 6 dim: 5 }}
layer {{ name: "c1" type: "Convolution" bottom: "x" top: "c1" {plain} }}
layer {{ name: "n1" type: "BatchNorm" bottom: "c1" top: "c1" }}
layer {{ name: "s1" type: "Scale" bottom: "c1" top: "c1" scale_param {{ bias_term: true }} }}
layer {{ name: "r1" type: "ReLU" bottom: "c1" top: "c1" }}
layer {{ name: "c2" type: "Convolution" bottom: "c1" top: "c2" {unbiased} }}
layer {{ name: "n2" type: "BatchNorm" bottom: "c2" top: "c2" }}
layer {{ name: "sum" type: "Eltwise" bottom: "x" bottom: "c2" top: "sum" }}
layer {{ name: "r2" type: "ReLU" bottom: "sum" top: "sum" }}
""".format(plain=CONVOLUTION.format(more=""), unbiased=CONVOLUTION.format(more="bias_term: false"))


def random_statistics(net):
    draws = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if "var" in name:
                value.copy_(torch.rand(value.shape, generator=draws) * 5 + 0.1)
            elif "scale_factor" in name:
                value.fill_(1)
            else:
                value.copy_(torch.randn(value.shape, generator=draws))
    return net


def block(tmp_path, text=BLOCK):
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    return random_statistics(converter.load(path, seed=0))


def same(net, x):
    with torch.inference_mode():
        wanted = net(x)
    found = accelerate(net)(x)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-5)


def images():
    return torch.randn(2, 4, 6, 5, generator=torch.Generator().manual_seed(5))


def test_a_residual_block_becomes_two_convolutions(tmp_path):
    net = block(tmp_path)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    fast = accelerate(net)
    targets = [node.target for node in fast.graph_module.graph.nodes if node.op == "call_module"]

    same(net, images())
    assert targets == ["c1", "sum"] if onednn.has_convolution() else ["c1", "c2", "sum"]
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), f"{name} of the net itself was changed"


@pytest.mark.skipif(not onednn.has_convolution(), reason="torch was built without oneDNN")
def test_the_sum_is_rectified_inside_the_convolution(tmp_path):
    fast = accelerate(block(tmp_path))
    summed = fast.graph_module.get_submodule("sum")
    assert isinstance(summed, SummedConvolution)
    assert (fast(images())["sum"] >= 0).all()


def test_what_another_layer_reads_is_not_folded(tmp_path):
    """The normalization's bottom is an output too."""
    text = BLOCK.replace(
        'name: "n1" type: "BatchNorm" bottom: "c1" top: "c1"', 'name: "n1" type: "BatchNorm" bottom: "c1" top: "n1"'
    )
    net = block(tmp_path, text)
    fast = accelerate(net)
    assert "n1" in [node.target for node in fast.graph_module.graph.nodes]
    same(net, images())


def test_a_sum_with_coefficients_and_a_sum_with_itself_stay(tmp_path):
    for text in (
        BLOCK.replace('bottom: "c2" top: "sum" }', 'bottom: "c2" top: "sum" eltwise_param { coeff: 1 coeff: -1 } }'),
        BLOCK.replace('bottom: "x" bottom: "c2" top: "sum"', 'bottom: "c2" bottom: "c2" top: "sum"'),
    ):
        net = block(tmp_path, text)
        same(net, images())
        assert not isinstance(accelerate(net).graph_module.get_submodule("sum"), SummedConvolution)


@pytest.mark.parametrize(
    "module",
    [
        Scale((4,), bias=True),
        Scale((4,)),
        CaffeBatchNorm2d(4, eps=1e-3),
        CaffeBatchNorm2d(4, use_global_stats=True),
        ScaledBatchNorm2d(4),
        AffineBatchNorm2d(4, eps=1e-3),
        nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, affine=False),
    ],
    ids=repr,
)
def test_a_factor_and_an_offset_a_channel_are_what_the_module_does(module):
    random_statistics(module).eval()
    x = images().double()
    factor, offset = channel_affine(module)
    with torch.no_grad():
        wanted = module.double()(x)
    torch.testing.assert_close(x * factor[:, None, None] + offset[:, None, None], wanted)


@pytest.mark.parametrize(
    "module",
    [
        Scale((4, 6)),
        Scale((6,), dim=2),
        CaffeBatchNorm2d(4, use_global_stats=False),
        ScaledBatchNorm2d(4, averages=False),
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.ReLU(),
    ],
    ids=repr,
)
def test_other_modules_have_none(module):
    assert channel_affine(module) is None


def test_a_graph_without_any_is_itself():
    graph = fx.symbolic_trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    assert fold_affine(graph) is graph
