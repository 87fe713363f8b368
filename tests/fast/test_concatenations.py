"""Concatenations taken apart: the same outputs from sums of convolutions, and where blobs must be joined after all."""

import pytest
import torch
from torch import nn

from converter.fast import accelerate
from converter.fast.concatenations import part_concatenations
from converter.fast.patterns import graph_of
from converter.modules.combine import Concat, Sum
from converter.modules.max_pooling import CeilMaxPool2d
from converter.modules.pooling import CaffeAvgPool2d


class Fire(nn.Module):
    """A narrow convolution, and two or more wide ones of what it gives, joined."""

    def __init__(self, channels, widths=(8, 16)):
        super().__init__()
        self.squeeze, self.relu = nn.Conv2d(channels, 3, 1), nn.ReLU()
        wide = [nn.Conv2d(3, width, 1 + 2 * (i % 2), padding=i % 2) for i, width in enumerate(widths)]
        self.expand, self.concat = nn.ModuleList(wide), Concat()

    def forward(self, x):
        y = self.relu(self.squeeze(x))
        return self.concat(*[self.relu(expand(y)) for expand in self.expand])


class Reader(nn.Module):
    """A fire module and what reads it."""

    def __init__(self, *behind, widths=(8, 16)):
        super().__init__()
        torch.manual_seed(0)
        self.fire, self.behind = Fire(4, widths), nn.Sequential(*behind)

    def forward(self, x):
        return self.behind(self.fire(x))


def image(seed=1):
    return torch.randn(2, 4, 11, 13, generator=torch.Generator().manual_seed(seed))


def parted(net):
    return part_concatenations(graph_of(net.eval()))


def kept(graph):
    """Concatenations that are left."""
    return sum(type(module) is Concat for module in graph.modules())


def assert_same(net, graph):
    with torch.inference_mode():
        torch.testing.assert_close(graph(image()), net(image()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "behind",
    [
        [nn.Conv2d(24, 3, 1)],
        [nn.Conv2d(24, 6, 1), nn.ReLU()],
        [nn.Conv2d(24, 2, (3, 5), stride=(2, 1), padding=(1, 3), dilation=(1, 2), bias=False)],
        [CeilMaxPool2d(3, 2), nn.Conv2d(24, 3, 1)],
        [nn.MaxPool2d(2), nn.ReLU(), nn.Dropout(0.5), CaffeAvgPool2d((3, 3), (2, 2)), nn.Conv2d(24, 3, 1)],
        [nn.Conv2d(24, 3, 1), Fire(3), nn.Conv2d(24, 3, 1)],
        [Fire(24), CeilMaxPool2d(3, 2), Fire(24), nn.Conv2d(24, 3, 1)],
    ],
    ids=["plain", "rectified", "wide kernel", "pool", "several", "two", "three"],
)
def test_a_narrow_convolution_of_joined_blobs_is_a_sum(behind):
    net = Reader(*behind)
    graph = parted(net)
    assert kept(graph) == 0
    assert_same(net, graph)


@pytest.mark.parametrize("widths", [(8, 16, 8), (5, 1, 2, 30)])
def test_of_any_number_of_parts(widths):
    net = Reader(nn.Conv2d(sum(widths), 2, 1), widths=widths)
    graph = parted(net)
    assert kept(graph) == 0
    assert sum(type(module) is Sum for module in graph.modules()) == len(widths) - 1
    assert_same(net, graph)


def test_each_part_is_convolved_before_the_next_is_computed():
    order = [str(node.target) for node in parted(Reader(nn.Conv2d(24, 3, 1))).graph.nodes if node.op == "call_module"]
    assert order.index("behind_0_of_0") < order.index("fire.expand.1") < order.index("behind_0_of_1")


@pytest.mark.parametrize(
    "behind",
    [
        [nn.Conv2d(24, 7, 1)],
        [nn.Conv2d(24, 3, 1, groups=3)],
        [nn.Conv2d(24, 3, 3, padding=1, padding_mode="reflect")],
        [nn.Softmax(1), nn.Conv2d(24, 3, 1)],
        [nn.Linear(13, 13), nn.Conv2d(24, 3, 1)],
        [nn.PReLU(24), nn.Conv2d(24, 3, 1)],
    ],
    ids=["wide", "grouped", "other padding", "softmax", "along a row", "own numbers"],
)
def test_what_does_not_gain_or_is_no_sum_stays(behind):
    net = Reader(*behind)
    graph = parted(net)
    assert kept(graph) == 1
    assert_same(net, graph)


class ReadTwice(Reader):
    def forward(self, x):
        joined = self.fire(x)
        return self.behind(joined), joined


class OfTheInput(Reader):
    """Joins the input too, whose channels nobody tells."""

    def forward(self, x):
        return self.behind(self.fire.concat(self.fire.expand[0](self.fire.squeeze(x)), x))


class AlongRows(Reader):
    def __init__(self):
        super().__init__(nn.Conv2d(24, 3, 1))
        self.fire.expand = nn.ModuleList([nn.Conv2d(3, 24, 1)] * 2)
        self.fire.concat = Concat(2)


@pytest.mark.parametrize("net", [ReadTwice(nn.Conv2d(24, 3, 1)), OfTheInput(nn.Conv2d(12, 2, 1)), AlongRows()])
def test_other_readers_unknown_channels_and_other_axes_stay(net):
    graph = parted(net)
    assert kept(graph) == 1
    assert_same(net, graph)


class Doubled(Reader):
    """A blob joined with itself."""

    def forward(self, x):
        y = self.fire.expand[1](self.fire.squeeze(x))
        return self.behind(self.fire.concat(y, y))


def test_a_blob_joined_with_itself():
    net = Doubled(nn.Conv2d(32, 3, 1))
    graph = parted(net)
    assert kept(graph) == 0
    assert_same(net, graph)


def test_the_net_itself_stays_as_it_is_and_the_compiled_one_agrees():
    net = Reader(CeilMaxPool2d(3, 2), Fire(24), nn.Conv2d(24, 3, 1, padding=1), nn.AdaptiveAvgPool2d(1))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    fast = accelerate(net)
    for seed in range(3):
        with torch.no_grad():
            torch.testing.assert_close(fast(image(seed)), net(image(seed)), rtol=1e-5, atol=1e-6)
    assert fast._whole.refused == {}
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in before.items())
