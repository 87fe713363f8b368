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
    from converter.fast.convolution.direct import computes

    kind = getattr(torch, dtype)
    seen = [image(side)] if kind == torch.int8 else []
    net = accelerate(load("pascal_voc", weights), dtype=kind, calibration=seen)
    exact = kind == torch.int8 or computes(kind)
    rounded = {} if exact else {"this processor": f"has no {dtype} instructions; rounded, summed in float32"}
    return timed(net, net.logits, image(side), answer, rounded)


def module(prototxt: str, weights: str, side: int, answer: str) -> Run:
    """The module of Caffe's layers, as `converter.load` gives it: the plain path, which parity is held against."""
    from converter.pytorch.loading import load

    net = load(prototxt, weights, inputs={"data": (1, 3, side, side)})
    return timed(lambda x: next(iter(net(x).values())), None, image(side), answer)


def plain_logits(weights: str, side: int, answer: str) -> Run:
    """The plain net's answer before the softmax, in a file: what parity is held against."""
    from converter.dilatednet import load

    net, x = load("pascal_voc", weights), image(side)

    def run() -> None:
        with torch.inference_mode():
            np.save(answer, net.logits(x).numpy())

    return run


def channels_last(weights: str, side: int, answer: str) -> Run:
    """The hand-written net with weights and input turned to channels-last, and nothing else done."""
    from converter.dilatednet import load

    net = load("pascal_voc", weights).to(memory_format=torch.channels_last)
    return timed(net, net.logits, image(side).to(memory_format=torch.channels_last), answer)


def functional(weights: str, side: int, answer: str) -> Run:
    """`F.conv2d` layer after layer in the default layout, without a module around it."""
    import torch.nn.functional as F  # noqa: N812 - its usual name

    from converter import read_weights
    from converter.dilatednet import find

    blobs = {name: [torch.from_numpy(blob) for blob in arrays] for name, arrays in read_weights(weights).items()}
    steps = find("pascal_voc").topology.steps

    def logits(x: torch.Tensor) -> torch.Tensor:
        for step in steps:
            if step.type == "Convolution":
                x = F.conv2d(x, *blobs[step.name], step.stride, step.pad, step.dilation)
            elif step.type == "Pooling":
                x = F.max_pool2d(x, step.kernel, step.stride, ceil_mode=True)
            elif step.type == "ReLU":
                x = F.relu_(x)
        return x

    return timed(lambda x: F.softmax(logits(x), 1), logits, image(side), answer)


def opencv(prototxt: str, weights: str, side: int, answer: str) -> Run:
    """OpenCV's own engine on the processor."""
    import cv2

    net = cv2.dnn.readNetFromCaffe(prototxt, weights)

    def run(x: torch.Tensor) -> torch.Tensor:
        net.setInput(x.numpy())
        return torch.from_numpy(net.forward())

    def logits(x: torch.Tensor) -> torch.Tensor:
        net.setInput(x.numpy())
        return torch.from_numpy(net.forward("ct_final"))

    return timed(run, logits, image(side), answer)


def matrix_product(size: int, dtype: str = "float32") -> Run:
    """The machine's own rate: a square product, GFLOP a second.

    Raises:
        RuntimeError: the processor does not compute in the type.
    """
    from converter.fast.convolution.direct import computes

    if not computes(getattr(torch, dtype)):
        raise RuntimeError(f"this processor has no {dtype} instructions")
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


def image(side: int) -> torch.Tensor:
    """A square input made from a formula: (1, 3, side, side) float32."""
    return torch.from_numpy(formula_image(side, side))[None]


def timed(net: Answer, logits: Answer | None, x: torch.Tensor, answer: str, facts: dict[str, Any] | None = None) -> Run:
    """Runs `net` on `x`; the first time, which only warms up, its `logits` go to the file `answer`."""
    saved: list[str] = []

    def run() -> dict[str, Any]:
        with torch.inference_mode():
            net(x)
            if logits is not None and not saved:
                np.save(answer, logits(x).float().numpy())
        saved.append(answer)
        return {"facts": facts or {}}

    return run
