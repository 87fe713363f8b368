"""The demo's net in Caffe's words: scenes.prototxt, scenes.caffemodel, and what they are made from.

`final` holds the front end's logits, `ctx_final` those of the context module; a softmax behind each makes two outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor, nn

from converter.dilatednet.topology import Step, Topology, context_steps, layer_text
from scripts.claims.experiment import Plan
from scripts.claims.scenes import CELL, CLASSES

FOLDER = Path(__file__).resolve().parent
PROTOTXT, CAFFEMODEL = FOLDER / "scenes.prototxt", FOLDER / "scenes.caffemodel"
SEED = 0
PLAN = Plan(seeds=(SEED,))
FRONT_END, CONTEXT = "front_prob", "prob"
"""The outputs: probabilities (n, classes, cells, cells) of the front end alone, and after the context module."""
_TOPOLOGY = Topology(len(CLASSES), context="large")


def steps() -> tuple[Step, ...]:
    """Every layer: three convolutions with pooling and a classifier, its softmax, the context module, the last softmax.

    The same layers as `trained_net` trains; the front end's go by order, the context module's by name.
    """
    context = context_steps(_TOPOLOGY)
    front = Step(FRONT_END, "Softmax", _TOPOLOGY.classifier, FRONT_END)
    return (*_front_end_steps(), front, *context, Step("prob", "Softmax", context[-1].top, CONTEXT))


def _front_end_steps() -> Iterator[Step]:
    """From a scene to the classifier's logits, one a cell."""
    blob, channels = "data", 1
    for number, width in enumerate((PLAN.width, 2 * PLAN.width, 2 * PLAN.width), 1):
        name = f"conv{number}"
        yield Step(name, "Convolution", blob, name, channels, width, 3, pad=1)
        yield Step(f"relu{number}", "ReLU", name, name)
        yield Step(f"pool{number}", "Pooling", name, f"pool{number}", kernel=2, stride=2)
        blob, channels = f"pool{number}", width
    yield Step("fc4", "Convolution", blob, "fc4", channels, channels)
    yield Step("relu4", "ReLU", "fc4", "fc4")
    yield Step(_TOPOLOGY.classifier, "Convolution", "fc4", _TOPOLOGY.classifier, channels, _TOPOLOGY.classes)


def prototxt() -> str:
    """The deploy net as text that Caffe reads."""
    side = PLAN.scenes.cells * CELL
    head = ['name: "scenes"', 'input: "data"', f"input_shape {{ dim: 1 dim: 1 dim: {side} dim: {side} }}"]
    return "\n".join([*head, *map(layer_text, steps())]) + "\n"


def state(front_end: nn.Module, context: nn.Module) -> dict[str, Tensor]:
    """The trained modules' parameters under Caffe's names: `conv1.weight`, `conv1.bias`, …"""
    names = [step.name for step in _front_end_steps() if step.shapes]
    layers = [layer for layer in front_end.children() if isinstance(layer, nn.Conv2d)]
    found = {}
    for name, layer in zip(names, layers, strict=True):
        found.update({f"{name}.{key}": value.detach() for key, value in layer.named_parameters()})
    return found | {key: value.detach() for key, value in context.named_parameters()}
