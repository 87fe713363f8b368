"""Convolutions that round with care, against the sum in float64; on every processor, whatever its own libraries do."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from converter import careful
from converter.careful import convolution2d, long_sums
from converter.geometry import Geometry


def drawn(*shape):
    return torch.from_numpy(np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32))


def geometry(kernel, stride=(1, 1), pad=(0, 0), dilation=(1, 1)):
    return Geometry(kernel, stride, pad, dilation)


def exact(x, weight, bias, g, group=1):
    wide = None if bias is None else bias.double()
    return F.conv2d(x.double(), weight.double(), wide, g.stride, g.pad, g.dilation, group)


def apart(y, wanted):
    return float((y - wanted).norm() / wanted.norm())


@pytest.mark.parametrize(
    ("channels", "g", "size"),
    [
        (128, geometry((3, 3), pad=(1, 1)), (40, 31)),
        (120, geometry((3, 3), (2, 1), (0, 2), (3, 2)), (33, 40)),
        (1030, geometry((1, 1)), (9, 20)),
        (40, geometry((7, 5), dilation=(2, 1)), (30, 22)),
        (32, geometry((7, 7), pad=(3, 3), dilation=(4, 4)), (96, 90)),  # the Fourier form
    ],
)
@pytest.mark.parametrize("biased", [True, False])
def test_long_sums_are_the_convolution(monkeypatch, channels, g, size, biased):
    monkeypatch.setattr(careful, "_BAND", 1 << 20)  # several bands
    x, weight = drawn(2, channels, *size), drawn(36, channels, *g.kernel)
    bias = drawn(36) if biased else None
    y = long_sums(x, weight, bias, g)

    assert y.is_contiguous()
    assert apart(y, exact(x, weight, bias, g)) <= 1e-6


def test_without_avx512_long_sums_are_taken_apart(monkeypatch):
    monkeypatch.setattr(careful, "has_avx512", lambda: False)
    monkeypatch.setattr(careful, "_WORK", 0)
    taken = []
    monkeypatch.setattr(careful, "long_sums", lambda *given: taken.append(given) or long_sums(*given))
    x, weight, g = drawn(1, 128, 20, 20), drawn(8, 128, 3, 3), geometry((3, 3))
    convolution2d(x, weight, None, g, 1)
    convolution2d(x[:, :64], weight[:, :64], None, g, 1)  # 576 products are no long sum
    assert len(taken) == 1


@pytest.mark.parametrize("biased", [True, False])
def test_gradients_are_the_convolutions_and_can_be_derived_again(monkeypatch, biased):
    monkeypatch.setattr(careful, "has_avx512", lambda: False)
    monkeypatch.setattr(careful, "_WORK", 0)
    g = geometry((3, 3), (2, 1), (1, 0), (1, 2))
    leaves = [drawn(1, 128, 12, 11), drawn(8, 128, 3, 3), *([drawn(8)] if biased else [])]

    def derived(convolve):
        given = [leaf.clone().requires_grad_() for leaf in leaves]
        y = convolve(*given)
        first = torch.autograd.grad(y.square().sum(), given, create_graph=True)
        second = torch.autograd.grad(sum(one.square().sum() for one in first), given)
        return y, *first, *second

    ours = derived(lambda x, w, b=None: convolution2d(x, w, b, g, 1))
    plain = derived(lambda x, w, b=None: F.conv2d(x, w, b, g.stride, g.pad, g.dilation))
    assert type(ours[0].grad_fn).__name__ == "LongSumsBackward"
    for a, b in zip(ours, plain, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-4 * float(b.detach().abs().max()))


def test_with_avx512_the_library_is_trusted(monkeypatch):
    monkeypatch.setattr(careful, "has_avx512", lambda: True)
    monkeypatch.setattr(careful, "_WORK", 0)
    monkeypatch.setattr(careful, "long_sums", lambda *_: pytest.fail("not asked for"))
    convolution2d(drawn(1, 128, 20, 20), drawn(8, 128, 3, 3), None, geometry((3, 3)), 1)


@pytest.mark.filterwarnings("ignore")
def test_what_is_exported_is_the_convolution_alone():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(drawn(4, 3, 3, 3))

        def forward(self, x):
            return convolution2d(x, self.weight, None, geometry((3, 3)), 1, 32)

    nodes = torch.export.export(Net(), (drawn(1, 3, 9, 9),)).graph.nodes
    assert [str(node.target) for node in nodes if node.op == "call_function"] == ["aten.conv2d.default"]
