"""One tile through the net, by ours in every form and by others; and the machine's own matrix product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.formula_weights import formula_image

Run = Callable[[], dict[str, Any] | None]
Answer = Callable[[torch.Tensor], torch.Tensor]


def fast(weights: str, side: int, answer: str, dtype: str = "float32") -> Run:
    """What `predict` and `evaluate` run."""
    from converter.dilatednet import load
    from converter.fast import accelerate

    net = accelerate(load("pascal_voc", weights), dtype=getattr(torch, dtype))
    return _timed(net, _input(side), answer)


def module(prototxt: str, weights: str, side: int, answer: str) -> Run:
    """The module of Caffe's layers, as `converter.load` gives it: the plain path, which parity is held against."""
    from converter.loading import load

    net = load(prototxt, weights, inputs={"data": (1, 3, side, side)})
    return _timed(lambda x: next(iter(net(x).values())), _input(side), answer)


def channels_last(weights: str, side: int, answer: str) -> Run:
    """The hand-written net with weights and input turned to channels-last, and nothing else done."""
    from converter.dilatednet import load

    net = load("pascal_voc", weights).to(memory_format=torch.channels_last)
    return _timed(net, _input(side).to(memory_format=torch.channels_last), answer)


def functional(weights: str, side: int, answer: str) -> Run:
    """`F.conv2d` layer after layer in the default layout, without a module around it."""
    import torch.nn.functional as F  # noqa: N812 - its usual name

    from converter import read_weights
    from converter.dilatednet import find

    blobs = {name: [torch.from_numpy(blob) for blob in arrays] for name, arrays in read_weights(weights).items()}
    steps = find("pascal_voc").topology.steps

    def run(x: torch.Tensor) -> torch.Tensor:
        for step in steps:
            if step.type == "Convolution":
                x = F.conv2d(x, *blobs[step.name], step.stride, step.pad, step.dilation)
            elif step.type == "Pooling":
                x = F.max_pool2d(x, step.kernel, step.stride, ceil_mode=True)
            elif step.type == "ReLU":
                x = F.relu_(x)
        return F.softmax(x, 1)

    return _timed(run, _input(side), answer)


def opencv(prototxt: str, weights: str, side: int, answer: str) -> Run:
    """OpenCV's own engine on the processor."""
    import cv2

    net = cv2.dnn.readNetFromCaffe(prototxt, weights)

    def run(x: torch.Tensor) -> torch.Tensor:
        net.setInput(x.numpy())
        return torch.from_numpy(net.forward())

    return _timed(run, _input(side), answer)


def matrix_product(size: int, dtype: str = "float32") -> Run:
    """The machine's own rate: a square product, GFLOP a second."""
    a, b = (torch.rand(size, size).to(getattr(torch, dtype)) for _ in range(2))
    product = torch.empty_like(a)

    def run() -> None:
        torch.mm(a, b, out=product)

    return run


def distance(plain: str, other: str) -> Run:
    """How far one answer is from the plain one: largest difference by the largest number, and agreeing labels."""

    def run() -> dict[str, Any]:
        a, b = np.load(plain), np.load(other)
        scale = float(np.abs(a).max())
        agree = float((a.argmax(1) == b.argmax(1)).mean())
        return {"difference": float(np.abs(a - b).max()) / scale, "agreement": agree}

    return run


def _input(side: int) -> torch.Tensor:
    return torch.from_numpy(formula_image(side, side))[None]


def _timed(net: Answer, x: torch.Tensor, answer: str) -> Run:
    """Runs `net` on `x`; what it answers the first time, which only warms up, goes to the file `answer`."""
    saved: list[str] = []

    def run() -> None:
        with torch.inference_mode():
            y = net(x)
        if not saved:
            np.save(answer, y.float().numpy())
            saved.append(answer)

    return run
