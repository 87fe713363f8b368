"""A net in bfloat16 whose first and last layers stay in float32: labels of a trained net, types within, other nets."""

import pytest
import torch
from torch import nn

import converter
from converter.fast import accelerate
from converter.fast.patterns import find_ends, graph_of
from scripts.claims.scenes import scenes
from scripts.demo_net.net import CAFFEMODEL, CONTEXT, PLAN, PROTOTXT
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image


def test_more_labels_of_a_trained_net_are_float32s():
    """Of 16 scenes' 9,216 cells; of 96 scenes' 55,296 it is 192 without and 73 with (AMD EPYC of 2024)."""
    net = converter.load(PROTOTXT, CAFFEMODEL)
    pictures = torch.as_tensor(scenes(0, 1_000_000, 16, PLAN.scenes)[0])
    with torch.inference_mode():
        plain = net(pictures)[CONTEXT].argmax(1)

    short, ends = (
        accelerate(net, dtype=torch.bfloat16, float32_ends=kept)(pictures)[CONTEXT].argmax(1) for kept in (False, True)
    )

    assert plain.numel() == 16 * PLAN.scenes.cells**2
    assert (ends != plain).sum() < (short != plain).sum() < 0.02 * plain.numel()


class Residual(nn.Module):
    """Two branches, one of which skips the last convolution, and a classifier behind both."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.relu, self.pool, self.flatten = nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.top, self.side = nn.Linear(8, 4), nn.Linear(8, 4)

    def forward(self, x):
        middle = self.relu(self.middle(self.relu(self.first(x))))
        both = self.last(middle) + middle
        return self.top(self.flatten(self.pool(both))), self.side(self.flatten(self.pool(middle)))


@pytest.fixture
def residual() -> nn.Module:
    torch.manual_seed(0)
    return Residual().eval()


def test_ends_are_the_first_convolution_and_all_from_the_last_on(residual):
    graph = graph_of(residual)
    order = [str(node.target) for node in graph.graph.nodes if node.op == "call_module"]

    assert {str(node.target) for node in find_ends(graph)} == {"first", *order[order.index("last") :]}
    assert "middle" not in {str(node.target) for node in find_ends(graph)}


def test_a_net_without_convolutions_has_no_ends():
    assert not find_ends(graph_of(nn.Sequential(nn.Linear(2, 2), nn.ReLU())))


def test_layers_behind_take_what_comes_from_either_type():
    """The tuple of both outputs is one graph output; each alone is a net that `accelerate` takes."""
    torch.manual_seed(0)
    net, x = Residual().eval(), torch.randn(2, 3, 9, 9)

    for index in (0, 1):
        one = Picked(net, index)
        with torch.inference_mode():
            wanted = one(x)
        y = accelerate(one, dtype=torch.bfloat16, float32_ends=True)(x)
        assert y.dtype == torch.float32
        torch.testing.assert_close(y, wanted, atol=0.02, rtol=0.02)


class Picked(nn.Module):
    def __init__(self, net: nn.Module, index: int) -> None:
        super().__init__()
        self.net, self.index = net, index

    def forward(self, x):
        return self.net(x)[self.index]


def test_neither_the_input_nor_the_logits_are_rounded():
    """257.5 needs ten bits, bfloat16 has eight: a net of one convolution, 1 × 257.5 + 0."""
    net = nn.Sequential(nn.Conv2d(1, 1, 1))
    nn.init.ones_(net[0].weight)
    nn.init.zeros_(net[0].bias)
    x = torch.full((1, 1, 2, 2), 257.5)

    assert accelerate(net, dtype=torch.bfloat16)(x).unique().tolist() == [258.0]
    assert accelerate(net, dtype=torch.bfloat16, float32_ends=True)(x).unique().tolist() == [257.5]


@pytest.mark.parametrize("name", ["dilation8_pascal_voc", "dilation10_cityscapes"])
def test_parts_of_a_published_net_run_alone(name):
    net, x = formula_net(name), torch.from_numpy(formula_image(436, 436))[None]
    fast = accelerate(net, dtype=torch.bfloat16, float32_ends=True)

    with torch.inference_mode():
        wanted = net.logits(x)
    logits, again = fast.logits(x), fast.segment("behind_features")(fast.features(x))

    assert logits.dtype == torch.float32 and float((logits - wanted).abs().max() / wanted.abs().max()) < 0.05
    assert again.shape == fast(x).shape
