"""The accelerated net on a device that is not there: what it runs before anything is measured or recorded."""

from collections.abc import Callable, Mapping

import pytest
import torch

import converter
from converter.dilatednet import DilatedNet, find
from converter.fast import accelerate, patterns
from converter.fast.convolution import choice
from converter.fast.convolution.filter import Algorithm
from tests.fake_device import empty_like_module, fake_cuda

NETS = ["dilation8_pascal_voc", "frontend_pascal_voc", "dilation10_cityscapes", "dilation7_kitti", "dilation8_camvid"]


class EveryConvolution:
    """In place of the choice by trial: runs every algorithm, and takes the first one's output."""

    def __init__(self, makers: Mapping[str, Callable[[], Algorithm]], _tolerance: float) -> None:
        self._makers = makers
        self.seen: dict[str, tuple[torch.dtype, torch.device, tuple[int, ...]]] = {}

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        outputs = {name: make()(x) for name, make in self._makers.items()}
        self.seen.update({name: (y.dtype, y.device, tuple(y.shape)) for name, y in outputs.items()})
        return next(iter(outputs.values()))


def convolve(x, weight, bias, *places):
    """What cuDNN's fused convolution gives, for which torch knows no shapes."""
    return torch.relu(torch.nn.functional.conv2d(x, weight, bias, *places))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", NETS)
def test_every_algorithm_stays_on_the_device(name, dtype, monkeypatch):
    monkeypatch.setattr(choice, "AutotunedConvolution", EveryConvolution)
    monkeypatch.setattr(torch, "cudnn_convolution_relu", convolve)
    monkeypatch.setattr(patterns, "check_range", lambda *_: None)  # looks at every number once, before it is sent
    with torch.device("meta"):
        net = DilatedNet.of(find(name).with_width(32, 64).topology)

    with fake_cuda():
        fast = accelerate(empty_like_module(net, "cuda:0"), dtype=dtype, device="cuda:0")
        prob = fast(torch.empty(2, 3, 500, 500, device="cuda:0"))
        logits = fast.logits(torch.empty(2, 3, 500, 500, device="cuda:0"))

    chosen = [part.algorithm for part in fast.graph_module.modules() if hasattr(part, "algorithm")]
    assert chosen and all(len(set(one.seen.values())) == 1 for one in chosen)
    assert {kind for one in chosen for kind, *_ in one.seen.values()} == {dtype}
    assert prob.dtype == logits.dtype == torch.float32 and {str(prob.device), str(logits.device)} == {"cuda:0"}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_float32_ends_are_float32_and_the_rest_is_not(dtype, monkeypatch):
    monkeypatch.setattr(choice, "AutotunedConvolution", EveryConvolution)
    monkeypatch.setattr(torch, "cudnn_convolution_relu", convolve)
    with torch.device("meta"):
        net = DilatedNet.of(find("dilation8_pascal_voc").with_width(32, 64).topology)

    with fake_cuda():
        fast = accelerate(empty_like_module(net, "cuda:0"), dtype=dtype, device="cuda:0", float32_ends=True)
        prob = fast(torch.empty(1, 3, 500, 500, device="cuda:0"))

    chosen = [part.algorithm for part in fast.graph_module.modules() if hasattr(part, "algorithm")]
    kinds = [{kind for kind, *_ in one.seen.values()} for one in chosen]
    assert kinds[0] == kinds[-1] == {torch.float32} and kinds[1:-1] == [{dtype}] * (len(kinds) - 2)
    assert (prob.dtype, str(prob.device)) == (torch.float32, "cuda:0")


RESIDUAL = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 8 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "y"
        convolution_param { num_output: 8 kernel_size: 3 pad: 1 bias_term: false } }
layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" }
layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }
layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "y" top: "z" }
layer { name: "relu" type: "ReLU" bottom: "z" top: "z" }
"""


def test_a_net_on_the_device_is_folded_there(monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "AutotunedConvolution", EveryConvolution)
    (tmp_path / "net.prototxt").write_text(RESIDUAL)
    net = converter.load(tmp_path / "net.prototxt")

    with fake_cuda():
        fast = accelerate(empty_like_module(net, "cuda:0"), device="cuda:0")
        z = fast(x=torch.empty(1, 8, 9, 9, device="cuda:0"))["z"]

    assert str(z.device) == "cuda:0"
    assert "bn" not in dict(fast.graph_module.named_modules())
