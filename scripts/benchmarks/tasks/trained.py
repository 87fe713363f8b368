"""A small trained net as a Caffe module, and how its labels fare in short types."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import converter
from converter.dilatednet.topology import Step, Topology, context_steps, layer_text
from converter.fast import accelerate
from scripts.claims.experiment import Plan, trained_net
from scripts.claims.scenes import CLASSES, scenes

Run = Callable[[], dict[str, Any]]
_TYPES = (
    *(("float32", "cpu", False), ("bfloat16", "cpu", False), ("bfloat16", "cpu", True), ("int8", "cpu", False)),
    *(("float32", "cuda", False), ("tf32", "cuda", False), ("bfloat16", "cuda", False), ("bfloat16", "cuda", True)),
)
"""Type, device, and whether first and last layers stay in float32."""


def agreement(quick: bool) -> Run:
    """Trains, then labels fresh scenes in every type that there is; cells and how many of them agree with float32."""
    plan = Plan()
    if quick:
        plan = replace(plan, train=8, test=4, batch=2, front_iterations=2, context_iterations=2)
    front, context, (pictures, ground_truth) = trained_net(plan, 0, "large", torch.device("cpu"))
    net = _as_caffe_module(front, context, tuple(pictures.shape[1:]))
    seen = torch.from_numpy(scenes(0, 0, 2 * plan.batch, plan.scenes)[0]).split(plan.batch)
    with torch.inference_mode():
        plain = torch.cat([net(part)[net.outputs[0]] for part in pictures.split(8)]).argmax(1)

    def run() -> dict[str, Any]:
        rows = {}
        for kind, device, ends in _TYPES:
            if device == "cuda" and not torch.cuda.is_available():
                continue
            dtype = torch.float32 if kind == "tf32" else getattr(torch, kind)
            options = {"tf32": kind == "tf32", "float32_ends": ends, "calibration": seen if kind == "int8" else ()}
            fast = accelerate(net, dtype=dtype, device=device, **options)
            labels = torch.cat([fast(part)[net.outputs[0]] for part in pictures.split(8)]).argmax(1).cpu()
            same = int((labels == plain).sum())
            rows[f"{kind}, {device}{', ends in float32' if ends else ''}"] = {
                "same labels": f"{100 * same / plain.numel():.3f} %, {same:,} of {plain.numel():,}",
                "right": f"{100 * float((labels == ground_truth).float().mean()):.2f} %",
                "right in plain float32": f"{100 * float((plain == ground_truth).float().mean()):.2f} %",
            }
        return {"rows": rows}

    return run


def _as_caffe_module(front: nn.Module, context: nn.Module, shape: tuple[int, ...]) -> converter.CaffeModule:
    """Both modules in a row as one of Caffe's nets, weights and all; `shape` is (channels, height, width)."""
    classes = len(CLASSES)
    steps = [*_front_steps(front), *context_steps(Topology(classes, "large", classifier="final"))]
    dims = " ".join(f"dim: {size}" for size in (8, *shape))
    text = "\n".join([f'input: "data" input_shape {{ {dims} }}', *map(layer_text, steps)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.prototxt"
        path.write_text(text)
        net = converter.load(path)
    layers = [layer for layer in (*front.modules(), *context.modules()) if isinstance(layer, nn.Conv2d)]
    named = [step.name for step in steps if step.type == "Convolution"]
    with torch.no_grad():
        for name, layer in zip(named, layers, strict=True):
            net.blob_parameter(name, 0).copy_(layer.weight)
            net.blob_parameter(name, 1).copy_(_bias(layer))
    return net


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _front_steps(front: nn.Module) -> Iterator[Step]:
    """The small front end's layers; the last convolution is `final`."""
    bottom, layers = "data", list(front.children())
    for number, layer in enumerate(layers):
        name = "final" if number == len(layers) - 1 else f"front{number}"
        if isinstance(layer, nn.Conv2d):
            sizes = (layer.in_channels, layer.out_channels, layer.kernel_size[0], 1, int(layer.padding[0]))
            yield Step(name, "Convolution", bottom, name, *sizes)
            bottom = name
        elif isinstance(layer, nn.ReLU):
            yield Step(f"{bottom}_relu", "ReLU", bottom, bottom)
        else:
            yield Step(name, "Pooling", bottom, name, kernel=2, stride=2)
            bottom = name
