"""One tile through other engines: torch's compiler, ONNX Runtime and OpenVINO (extra `bench`)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch

from scripts.benchmarks.tasks.tiles import Run, image, timed


def compiled(weights: str, side: int, answer: str) -> Run:
    """The hand-written net by torch's compiler, weights and input channels-last."""
    from converter.dilatednet import load

    net = load("pascal_voc", weights).to(memory_format=torch.channels_last)
    return timed(torch.compile(net), net.logits, image(side).to(memory_format=torch.channels_last), answer)


def onnxruntime(weights: str, side: int, answer: str) -> Run:
    """ONNX Runtime on the net as torch's exporter writes it, on as many threads as torch takes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = _exported(weights, side, Path(folder))
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run(["logits"], {"data": x.numpy()})[0])

    return timed(run, run, image(side), answer)


def openvino(weights: str, side: int, answer: str, precision: str = "f32") -> Run:
    """OpenVINO on the same file, computing in `precision`."""
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        path = _exported(weights, side, Path(folder))
        settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        net: Any = openvino.Core().compile_model(str(path), "CPU", settings)

    def run(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(net([x.numpy()])[0].copy())

    return timed(run, run, image(side), answer)


class _Logits(torch.nn.Module):
    """The net up to the softmax, as a module that an exporter takes."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See `DilatedNet.logits`."""
        found: torch.Tensor = self.net.logits(x)  # type: ignore[operator]
        return found


def _exported(weights: str, side: int, folder: Path) -> Path:
    from converter.dilatednet import load

    net = _Logits(load("pascal_voc", weights)).eval()
    path = folder / "net.onnx"
    names: dict[str, Any] = {"input_names": ["data"], "output_names": ["logits"]}
    torch.onnx.export(net, (image(side),), path, dynamo=True, external_data=True, verbose=False, **names)
    return path
