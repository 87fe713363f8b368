"""Convolutions of bytes: sums by hand, padding, parts of a net, labels of a trained net."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import converter
from converter.errors import ConversionError
from converter.fast import accelerate, onednn
from converter.fast.quantization import Quantization, QuantizedConvolution, QuantizedMaxPool
from scripts.claims.scenes import scenes
from scripts.demo_net.net import CAFFEMODEL, CONTEXT, PLAN, PROTOTXT
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image

pytestmark = pytest.mark.skipif(not onednn.has_quantized(), reason="no oneDNN, or no VNNI")


@pytest.mark.parametrize(
    ("low", "high", "scale", "zero", "numbers", "wanted"),
    [
        (0.0, 255.0, 1.0, 0, [0.4, 0.6, 300.0, -9.0], [0, 1, 255, 0]),
        (-51.0, 204.0, 1.0, 51, [-51.0, 0.0, 204.0], [0, 51, 255]),
        (10.0, 510.0, 2.0, 0, [10.0, 510.0], [5, 255]),  # the range is widened to hold 0
        (0.0, 0.0, 1.0, 0, [0.0], [0]),
    ],
)
def test_bytes_of_a_range(low, high, scale, zero, numbers, wanted):
    found = Quantization.of(low, high)

    assert (found.scale, found.zero) == (scale, zero)
    assert found.bytes_of(torch.tensor(numbers)).tolist() == wanted


def test_whole_numbers_are_summed_exactly():
    """Weights 127 and -127 have the scale 1, inputs -55 to 200 too: 127 · 200 - 127 · (-55) + 0.5 = 32385.5."""
    net = nn.Sequential(nn.Conv2d(2, 1, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([127.0, -127.0]).reshape(1, 2, 1, 1))
        net[0].bias.fill_(0.5)
    x = torch.tensor([200.0, -55.0]).reshape(1, 2, 1, 1)

    assert accelerate(net, dtype=torch.int8, calibration=[x])(x).item() == 32385.5


def test_padding_is_zero_where_zero_is_no_zero_byte():
    """Every 3×3 sum of a plane of -1 with a border of zeros: -4 at the corners, -6 at the edges, -9 within."""
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False))
    nn.init.ones_(net[0].weight)
    x = torch.full((1, 1, 3, 3), -1.0)

    y = accelerate(net, dtype=torch.int8, calibration=[x, torch.full((1, 1, 3, 3), 1.5)])(x)

    np.testing.assert_allclose(y[0, 0], [[-4, -6, -4], [-6, -9, -6], [-4, -6, -4]], rtol=0.01)


class Branches(nn.Module):
    """Bytes between `a`, `pool` and `b`; what `flatten` reads besides is float32."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, dilation=2), nn.Conv2d(8, 4, 1)
        self.relu, self.pool, self.flatten = nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()

    def forward(self, x):
        first = self.relu(self.b(self.pool(self.relu(self.a(x)))))
        return self.flatten(self.c(first)) + self.flatten(first).mean(1, keepdim=True)


def test_blobs_that_other_layers_read_stay_float32():
    torch.manual_seed(0)
    net, x = Branches().eval(), torch.randn(2, 3, 20, 20)
    with torch.inference_mode():
        wanted = net(x)

    fast = accelerate(net, dtype=torch.int8, calibration=[x])
    modules = dict(fast.graph_module.named_modules())

    assert all(isinstance(modules[name], QuantizedConvolution) for name in "abc")
    assert isinstance(modules["pool"], QuantizedMaxPool)
    assert modules["a"].out is not None and modules["b"].out is None and modules["c"].out is None
    torch.testing.assert_close(fast(x), wanted, atol=0.03, rtol=0.03)
    with torch.inference_mode():
        torch.testing.assert_close(fast(x[1:, :, :16, :13]), net(x[1:, :, :16, :13]), atol=0.03, rtol=0.03)


def test_parts_of_a_published_net_give_float32():
    net, x = formula_net("dilation8_pascal_voc"), torch.from_numpy(formula_image(436, 436))[None]
    fast = accelerate(net, dtype=torch.int8, calibration=[x])

    with torch.inference_mode():
        wanted = net.features(x)
    features = fast.features(x)

    assert features.dtype == torch.float32 and features.shape == wanted.shape
    assert float((features - wanted).norm() / wanted.norm()) < 0.1
    torch.testing.assert_close(fast.segment("behind_features")(features), fast(x), atol=0.01, rtol=0)


def test_labels_of_a_trained_net_are_nearly_all_float32s():
    """Of 16 scenes' 9,216 cells; of 96 scenes' 55,296 it is 99.4 %."""
    net = converter.load(PROTOTXT, CAFFEMODEL)
    pictures = torch.as_tensor(scenes(0, 1_000_000, 16, PLAN.scenes)[0])
    with torch.inference_mode():
        plain = net(pictures)[CONTEXT].argmax(1)

    seen = torch.as_tensor(scenes(0, 0, 8, PLAN.scenes)[0])
    labels = accelerate(net, dtype=torch.int8, calibration=[seen])(pictures)[CONTEXT].argmax(1)

    assert 0 < int((labels != plain).sum()) < 0.012 * plain.numel()


@pytest.mark.parametrize(
    ("options", "what"),
    [({}, "calibration"), ({"calibration": [torch.ones(1, 1, 2, 2)], "device": "meta"}, "device meta")],
)
def test_what_int8_needs_is_said(options, what):
    with pytest.raises(ConversionError, match=what):
        accelerate(nn.Sequential(nn.Conv2d(1, 1, 1)), dtype=torch.int8, **options)


def test_a_net_in_int8_is_not_copied_without_its_ranges():
    x = torch.ones(1, 1, 3, 3)
    fast = accelerate(nn.Sequential(nn.Conv2d(1, 1, 1)), dtype=torch.int8, calibration=[x])
    with pytest.raises(ConversionError, match="copy the net, and accelerate the copy"):
        copy.deepcopy(fast)
