"""The fast form of local response normalization against its formula, channel by channel in float64."""

import pytest
import torch
from torch import nn

from converter.fast import accelerate
from converter.fast.response_normalization import FastLocalResponseNorm


def formula(x, size, alpha, beta, k):
    """Krizhevsky, Sutskever and Hinton, section 3.3, with alpha by the window's size as Caffe has it."""
    x, y = x.double(), torch.empty(x.shape, dtype=torch.float64)
    for channel in range(x.shape[1]):
        first, last = max(0, channel - size // 2), min(x.shape[1], channel - size // 2 + size)
        squares = (x[:, first:last] ** 2).sum(1)
        y[:, channel] = x[:, channel] / (k + alpha / size * squares) ** beta
    return y


@pytest.mark.parametrize(("size", "beta"), [(5, 0.75), (3, 0.5), (5, 1.0), (1, 0.75), (9, 0.75)])
@pytest.mark.parametrize("channels", [1, 7])
def test_each_channel_is_divided_by_its_neighbors(size, beta, channels):
    x = 4 * torch.randn(2, channels, 3, 5, generator=torch.Generator().manual_seed(size))
    norm = nn.LocalResponseNorm(size, 0.5, beta, 2.0)
    y = FastLocalResponseNorm(norm)(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(y.double(), formula(x, size, 0.5, beta, 2.0), rtol=1e-6, atol=0)
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_lines_of_channels_are_normalized_too():
    x = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    y = FastLocalResponseNorm(nn.LocalResponseNorm(3, 0.5, 0.75, 2.0))(x)
    torch.testing.assert_close(y.double(), formula(x, 3, 0.5, 0.75, 2.0), rtol=1e-6, atol=0)


def test_short_types_are_rounded_once():
    x = torch.full((1, 1, 1, 1), 3.0, dtype=torch.bfloat16)
    y = FastLocalResponseNorm(nn.LocalResponseNorm(1, 1.0, 1.0, 1.0))(x)  # 3 / (1 + 9) = 0.3
    assert y.dtype == torch.bfloat16
    assert y.item() == torch.tensor(0.3).bfloat16().item()


def test_an_accelerated_net_takes_it():
    net = nn.Sequential(nn.Conv2d(1, 4, 1), nn.LocalResponseNorm(3))
    graph = accelerate(net).graph_module
    assert [type(graph.get_submodule(name)) for name in ("1",)] == [FastLocalResponseNorm]
