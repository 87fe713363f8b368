"""Trains a front end on drawn scenes, then context modules on its answers, and measures mean IoU on fresh scenes.

Context modules are those of converter/dilatednet (table 1), trained with Caffe's SGD as section 3 of the paper has it:
on the front end's frozen logits, started by the identity of equation 5, or by Gaussian, Xavier or MSRA fillers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from converter.dilatednet.evaluation.metrics import confusion, scores
from converter.dilatednet.inference.tiles import MARGIN
from converter.dilatednet.model import Context, FrontEnd
from converter.dilatednet.topology import ContextKind, Topology
from converter.dilatednet.training.loss import valid_loss
from converter.net.fillers import Filler
from converter.net.filling import fill
from converter.solver.optimizers import SGD, Group
from scripts.claims.scenes import CELL, CLASSES, SceneSettings, scenes

STARTS = ("identity", "gaussian", "xavier", "msra")
KINDS: tuple[ContextKind, ...] = ("basic", "large")
_FRESH = 1_000_000
"""Test scenes are numbered from here, so that no training scene is among them."""
_FILLERS = {
    "gaussian": Filler("gaussian", std=0.01, std_set=True),
    "xavier": Filler("xavier"),
    "msra": Filler("msra"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The experiment's numbers. `dilated`: the published front end's layers at `width`, not three convolutions."""

    seeds: tuple[int, ...] = (0, 1, 2)
    train: int = 240
    test: int = 96
    batch: int = 6
    front_iterations: int = 300
    front_rate: float = 0.02
    context_iterations: int = 1500
    context_rate: float = 3e-3
    momentum: float = 0.9
    decay: float = 5e-4
    noise: float = 0.01
    dilated: bool = False
    width: int = 16
    fc_width: int = 256
    scenes: SceneSettings = field(default_factory=SceneSettings)


FULL = Plan(
    train=1000, batch=14, front_iterations=20_000, front_rate=1e-3, context_iterations=4000, dilated=True, width=64,
    fc_width=4096, scenes=replace(SceneSettings(), cells=64, objects=(14, 35)),
)  # fmt: skip
"""The same at the published widths, for a GPU."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One trained net: mean IoU and per class in per cent on fresh scenes, and the last training loss."""

    seed: int
    kind: str
    start: str
    mean_iou: float
    iou: tuple[float, ...]
    loss: float


Tell = Callable[[Measured], None]
Sets = tuple[Tensor, Tensor]


def experiment(plan: Plan, device: torch.device, tell: Tell) -> list[Measured]:
    """Every net of the plan, seed by seed: the front end, then each kind of context module from each start."""
    results: list[Measured] = []

    def done(measured: Measured) -> None:
        results.append(measured)
        tell(measured)

    for seed in plan.seeds:
        train, test = _drawn(plan, seed)
        front = _front_end(plan, seed).to(device)
        rates = (plan.front_iterations, plan.front_rate)
        loss = _train(front, train, plan, rates, seed, device)
        inside, outside = (_answers(front, each, plan, device) for each in (train, test))
        done(_measured(seed, "front end", "", outside, loss))
        for kind in KINDS:
            for start in STARTS:
                module = _context(plan, kind, start, seed).to(device)
                rates = (plan.context_iterations, plan.context_rate)
                loss = _train(module, inside, plan, rates, seed, device)
                answers = _answers(module, outside, plan, device)
                done(_measured(seed, kind, start, answers, loss))
    return results


def trained_net(plan: Plan, seed: int, kind: ContextKind, device: torch.device) -> tuple[nn.Module, Context, Sets]:
    """One front end and one context module from the identity, trained, with fresh scenes and their labels."""
    train, test = _drawn(plan, seed)
    front, module = _front_end(plan, seed).to(device), _context(plan, kind, "identity", seed).to(device)
    _train(front, train, plan, (plan.front_iterations, plan.front_rate), seed, device)
    inside = _answers(front, train, plan, device)
    _train(module, inside, plan, (plan.context_iterations, plan.context_rate), seed, device)
    return front.eval(), module.eval(), test


def _drawn(plan: Plan, seed: int) -> tuple[Sets, Sets]:
    """Training and fresh scenes: images (n, c, side, side) and labels (n, cells, cells)."""
    sets = []
    for first, count in ((0, plan.train), (_FRESH, plan.test)):
        images, labels = scenes(seed, first, count, plan.scenes)
        if plan.dilated:
            images = np.pad(images * 60, ((0, 0), (0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)), mode="reflect")
            images = np.repeat(images, 3, axis=1)
        sets.append((torch.from_numpy(images), torch.from_numpy(labels)))
    return sets[0], sets[1]


def _front_end(plan: Plan, seed: int) -> nn.Module:
    """One answer a cell of 8 pixels; the small one sees 22 pixels, less than an object's width."""
    torch.manual_seed(seed)
    classes, width = len(CLASSES), plan.width
    if plan.dilated:
        return FrontEnd(Topology(classes, context=None, width=width, fc_width=plan.fc_width))
    layers: list[nn.Module] = []
    inputs = 1
    for outputs in (width, 2 * width, 2 * width):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = outputs
    layers += [nn.Conv2d(inputs, inputs, 1), nn.ReLU(), nn.Conv2d(inputs, classes, 1)]
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias if layer.bias is not None else layer.weight.new_zeros(0))
    return nn.Sequential(*layers)


def _context(plan: Plan, kind: ContextKind, start: str, seed: int) -> Context:
    """A context module with equation 5's identity and noise, or with one of Caffe's fillers; biases 0."""
    torch.manual_seed(seed)
    module = Context(Topology(len(CLASSES), context=kind), plan.noise)
    if start != "identity":
        random = np.random.default_rng(seed)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.ndim == 4:
                    parameter.copy_(torch.from_numpy(fill(_FILLERS[start], tuple(parameter.shape), random)))
    return module


def _train(
    module: nn.Module, data: Sets, plan: Plan, rates: tuple[int, float], seed: int, device: torch.device
) -> float:
    """SGD as in the paper, at a tenth of the rate for the last 40%; batches are drawn and mirrored by the seed."""
    iterations, rate = rates
    weights = [value for value in module.parameters() if value.ndim > 1]
    biases = [value for value in module.parameters() if value.ndim == 1]
    groups: list[Group] = [{"params": weights}, {"params": biases, "lr_mult": 2.0, "decay_mult": 0.0}]
    optimizer = SGD(groups, rate, momentum=plan.momentum, weight_decay=plan.decay)
    draws = np.random.default_rng((seed, 7))
    last = float("nan")
    module.train()
    for iteration in range(iterations):
        chosen = torch.from_numpy(draws.integers(0, len(data[0]), plan.batch))
        values, labels = data[0][chosen].to(device), data[1][chosen].to(device)
        if draws.integers(2):
            values, labels = values.flip(-1), labels.flip(-1)
        optimizer.set_rate(rate if iteration < 0.6 * iterations else rate / 10)
        optimizer.zero_grad()
        loss = valid_loss(module(values), labels)
        torch.autograd.backward(loss)
        optimizer.step()
        last = loss.item()
    return last


def _answers(module: nn.Module, data: Sets, plan: Plan, device: torch.device) -> Sets:
    """The module's logits for every scene, with the scenes' labels, on the CPU."""
    module.eval()
    with torch.inference_mode():
        parts = [module(part.to(device)).cpu() for part in torch.split(data[0], plan.batch)]
    return torch.cat(parts).clone(), data[1]


def _measured(seed: int, kind: str, start: str, answers: Sets, loss: float) -> Measured:
    """IoU over all fresh scenes together, as the data sets' own tools count."""
    predicted = answers[0].argmax(dim=1).numpy().astype(np.uint8)
    ground_truth = answers[1].numpy().astype(np.uint8)
    classes = len(CLASSES)
    total = sum(
        (confusion(one, other, classes) for one, other in zip(ground_truth, predicted, strict=True)),
        np.zeros((classes, classes), np.int64),
    )
    result = scores(total)
    return Measured(seed, kind, start, float(result.mean), tuple(float(value) for value in result.iou), loss)


def description(plan: Plan) -> str:
    """The plan in a sentence, for tables."""
    side = plan.scenes.cells * CELL
    front = "the published front end" if plan.dilated else "three convolutions and a classifier"
    return (
        f"{plan.train} training and {plan.test} fresh scenes of {side}×{side} pixels, {len(CLASSES)} classes; front "
        f"end: {front}, width {plan.width}, {plan.front_iterations} iterations; context: {plan.context_iterations} "
        f"iterations at {plan.context_rate:g}, then a tenth; batch {plan.batch}, momentum {plan.momentum:g}; seeds "
        f"{', '.join(map(str, plan.seeds))}"
    )
