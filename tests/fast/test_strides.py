"""Strides moved to where blobs are computed: the same outputs from fewer positions, and where they must stay."""

import pytest
import torch
from torch import nn

from converter.fast import accelerate
from converter.fast.patterns import graph_of
from converter.fast.strides import move_strides
from converter.modules.combine import Sum


class Block(nn.Module):
    """The end of one residual stage, and the beginning of the next, which reads every other position."""

    def __init__(self, *, rows=2, columns=2, kernel=1, second=(2, 2), padding=0, shared=False):
        super().__init__()
        torch.manual_seed(0)
        self.narrow = nn.Conv2d(6, 4, 3, padding=1)
        self.inner = nn.ReLU()
        self.wide = nn.Conv2d(4, 6, 1)
        self.sum = Sum((1.0, 1.0))
        self.relu = nn.ReLU()
        self.left = nn.Conv2d(6, 3, kernel, stride=(rows, columns), padding=padding)
        self.right = nn.Conv2d(6, 5, 1, stride=second)
        self.again = self.narrow if shared else nn.Identity()

    def forward(self, x):
        end = self.relu(self.sum(x, self.wide(self.inner(self.narrow(x)))))
        return {"left": self.left(end), "right": self.right(end), "again": self.again(x)}


class AlsoAnOutput(Block):
    def forward(self, x):
        end = self.relu(self.sum(x, self.wide(self.inner(self.narrow(x)))))
        return {"left": self.left(end), "end": end}


class ReadTwice(Block):
    """The inner blob goes into the sum's convolution, and into a convolution that reads all of it."""

    def forward(self, x):
        inner = self.inner(self.narrow(x))
        end = self.relu(self.sum(x, self.wide(inner)))
        return {"left": self.left(end), "right": self.right(end), "inner": self.wide(inner)}


class Doubled(Block):
    """A blob added to itself."""

    def forward(self, x):
        inner = self.narrow(x)
        return {"left": self.left(self.sum(inner, inner))}


def traced(net):
    return graph_of(net.eval())


def strides(graph):
    return {name: module.stride for name, module in graph.named_modules() if isinstance(module, nn.Conv2d)}


def image(height=9, width=10):
    return torch.randn(2, 6, height, width, generator=torch.Generator().manual_seed(1))


def assert_same(net, found, x):
    with torch.inference_mode():
        wanted, seen = net(x), found(x)
    assert seen.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(seen[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [(9, 10), (8, 7), (1, 1), (2, 5)])
@pytest.mark.parametrize("stride", [(2, 2), (3, 3), (2, 1), (1, 3)])
def test_a_stage_is_thinned_out_up_to_its_last_wide_kernel(size, stride):
    net = Block(rows=stride[0], columns=stride[1], second=stride)
    moved = move_strides(traced(net))
    assert strides(moved) == {"narrow": stride, "wide": (1, 1), "left": (1, 1), "right": (1, 1)}
    thinned = [module for module in moved.modules() if isinstance(module, nn.MaxPool2d)]
    assert [(module.kernel_size, module.stride) for module in thinned] == [(1, stride)]  # the other summand
    assert_same(net, moved, image(*size))


def test_the_net_itself_stays_as_it_is():
    net = Block()
    moved = move_strides(traced(net))
    assert strides(net)["left"] == (2, 2)
    assert strides(net)["narrow"] == (1, 1)
    assert moved.narrow.weight is net.narrow.weight


def test_a_convolution_that_has_a_stride_gets_the_product():
    net = nn.Sequential(nn.Conv2d(6, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1, stride=3))
    moved = move_strides(traced(net))
    assert strides(moved) == {"0": (6, 6), "2": (1, 1)}
    x = image(23, 20)
    torch.testing.assert_close(moved(x), net(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "net",
    [
        Block(kernel=3),
        Block(padding=1),
        Block(second=(1, 1)),
        Block(second=(3, 3)),
        Block(rows=1, columns=1, second=(1, 1)),
        AlsoAnOutput(),
        Doubled(),
        nn.Sequential(nn.Conv2d(6, 4, 1), nn.MaxPool2d(2), nn.Conv2d(4, 3, 1, stride=2)),
        nn.Sequential(nn.ReLU(), nn.Conv2d(6, 3, 1, stride=2)),
    ],
    ids=["kernel", "padding", "all read", "others read", "no stride", "output", "doubled", "pooling", "input"],
)
def test_nothing_moves_where_other_positions_count_or_nothing_is_saved(net):
    graph = traced(net)
    assert move_strides(graph) is graph


def test_a_stride_goes_no_further_than_a_blob_that_others_read():
    net = ReadTwice()
    moved = move_strides(traced(net))
    assert strides(moved)["narrow"] == (1, 1)
    assert_same(net, moved, image())


def test_a_module_that_is_called_twice_keeps_its_stride():
    net = Block(shared=True)
    moved = move_strides(traced(net))
    assert moved.narrow.stride == (1, 1)
    assert_same(net, moved, image())


def test_what_is_kept_by_name_is_computed_whole():
    graph = traced(Block())
    assert move_strides(graph, {"relu"}) is graph
    assert strides(move_strides(graph, {"inner"}))["narrow"] == (1, 1)


@pytest.mark.parametrize("graphs", [False, True])
def test_accelerate_gives_the_nets_own_outputs(graphs):
    net, x = Block().eval(), image(12, 15)
    fast = accelerate(net, graphs=graphs)
    for _ in range(3):  # the second call compiles
        assert_same(net, fast, x)
