"""One image through a public Caffe net: ours, the plain module, torch's compiler, ONNX Runtime and OpenVINO."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

import converter
from converter.pytorch.features import features

Run = Callable[[], dict[str, Any]]
Answers = Callable[[Tensor], Mapping[str, Tensor]]
_ENOUGH = 0.5
"""Seconds of calls a round, of which the median counts: a single call of a small net is mostly chance."""
_DATA = re.compile(r'layer\s*\{\s*name:\s*"data"\s*type:\s*"DummyData".*?\n\}', re.DOTALL)


def plain(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> Run:
    """The module as `converter.load` gives it."""
    net = _load(prototxt, weights, shape, until)
    return _timed(net, net, shape)


def fast(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> Run:
    """`converter.fast.accelerate`."""
    from converter.fast import accelerate

    net = _load(prototxt, weights, shape, until)
    return _timed(net, accelerate(net), shape)


def compiled(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> Run:
    """torch's compiler on the plain module, weights and input channels-last."""
    net = _load(prototxt, weights, shape, until).to(memory_format=torch.channels_last)
    run = torch.compile(net)
    return _timed(net, lambda x: run(x.contiguous(memory_format=torch.channels_last)), shape)


def onnxruntime(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> Run:
    """ONNX Runtime on the file that `dilatednet convert` writes, on as many threads as torch takes."""
    import onnxruntime

    net = _load(prototxt, weights, shape, until)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = _written(net, Path(folder))
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> dict[str, Tensor]:
        found = session.run(list(net.outputs), {next(iter(net.inputs)): x.numpy()})
        return {name: torch.from_numpy(value) for name, value in zip(net.outputs, found, strict=True)}

    return _timed(net, run, shape)


def openvino(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> Run:
    """OpenVINO on the same file, its input of this shape alone, tuned for a single answer's time."""
    import openvino

    net = _load(prototxt, weights, shape, until)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    with tempfile.TemporaryDirectory() as folder:
        model = openvino.Core().read_model(_written(net, Path(folder)))
        model.reshape({0: list(shape)})
        ready = openvino.compile_model(model, "CPU", {**settings, "PERFORMANCE_HINT": "LATENCY"})

    def run(x: Tensor) -> dict[str, Tensor]:
        found = ready([x.numpy()])
        return {name: torch.from_numpy(found[place]) for place, name in enumerate(net.outputs)}

    return _timed(net, run, shape)


def _load(prototxt: str, weights: str, shape: Sequence[int], until: Sequence[str]) -> converter.CaffeModule:
    """The net for one image, ended where asked for; drawn weights where there is no file of them."""
    text = Path(prototxt).read_text()
    dims = " ".join(f"dim: {size}" for size in shape)
    fed = f'input: "data" input_shape {{ {dims} }}\n{_DATA.sub("", text)}' if _DATA.search(text) else text
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.prototxt"
        path.write_text(fed)
        net = converter.load(path, weights or None)
    if not weights:
        _draw(net, _image(shape))
    return (features(net, until) if until else net).eval()


def _image(shape: Sequence[int]) -> Tensor:
    """The image that is timed, -1 to 1."""
    return torch.rand(tuple(shape), generator=torch.Generator().manual_seed(1)) * 2 - 1


def _draw(net: nn.Module, x: Tensor) -> None:
    """Weights as He et al. start them (arXiv 1502.01852, equation 10), and the statistics of `x` where they are kept.

    So no layer's numbers vanish, nor do they grow from block to block until the softmax says 1 whatever was computed.
    """
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=draws) * (2 / parameter[0].numel()) ** 0.5)
        norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
        hooks = [norm.register_forward_pre_hook(_take_statistics) for norm in norms]
        net.eval()(x)
    for hook in hooks:
        hook.remove()


def _take_statistics(norm: nn.Module, inputs: tuple[Tensor]) -> None:
    """One variance for all channels: maps of one position have none of their own."""
    assert isinstance(norm.running_var, Tensor)
    norm.running_var.fill_(inputs[0].var())


def _written(net: converter.CaffeModule, folder: Path) -> str:
    from converter.export.onnx import write_onnx

    write_onnx(net, folder / "net.onnx")
    return str(folder / "net.onnx")


def _timed(net: nn.Module, answers: Answers, shape: Sequence[int]) -> Run:
    """Calls `answers` for half a second and gives the median; with the largest difference from the plain net's."""
    x = _image(shape)
    with torch.inference_mode():
        wanted, found = net(x), answers(x)
    apart = max(float((found[name] - wanted[name]).abs().max() / wanted[name].abs().max()) for name in wanted)

    def run() -> dict[str, Any]:
        times: list[float] = []
        with torch.inference_mode():
            while sum(times) < _ENOUGH:
                started = time.perf_counter()
                answers(x)
                times.append(time.perf_counter() - started)
        return {"seconds": median(times), "facts": {"largest error": f"{apart:.1e} of scale"}}

    return run
