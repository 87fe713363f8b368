"""The net that each stage trains: front end alone, context module alone, or both; its outputs are logits."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from converter.data.label_sets import LabelSet, Mean, numbered_classes
from converter.dilatednet.initialization import bilinear_
from converter.dilatednet.model import Context, DilatedNet
from converter.dilatednet.topology import ContextKind, Topology, upsample_steps
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.zoo import Model, find
from converter.solver.optimizers import SGD, CaffeOptimizer, Group


class StageNet(nn.Module):
    """A stage's net as training calls it.

    x: (n, 3, crop, crop) float32, B, G, R minus the mean → logits (n, classes, cells, cells), eight times as many where
    labels are upsampled; in the context stage x: (n, classes, h, w), the front end's logits → the same shape.
    `model` is the net that the weights are for, as it is used on images.
    """

    def __init__(self, net: DilatedNet | Context, model: Model) -> None:
        super().__init__()
        self.net = net
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """The logits."""
        logits: Tensor = self.net.logits(x) if isinstance(self.net, DilatedNet) else self.net(x)
        return logits


def topology_of(recipe: Recipe) -> Topology:
    """The published net's topology with the recipe's changes."""
    published = find(recipe.model).topology
    return replace(
        published,
        classes=recipe.classes or published.classes,
        context=None if recipe.stage == "frontend" else cast(ContextKind, recipe.context or published.context),
        depth=recipe.depth or published.depth,
        width=recipe.width or published.width,
        fc_width=recipe.fc_width or published.fc_width,
        upsample=recipe.upsampled_labels and recipe.stage != "context",
    )


def trained_model(recipe: Recipe, labels: LabelSet | None = None) -> Model:
    """The net that a recipe's weights are for, with its classes' names and colors.

    `labels` (None: the published net's) count where they are as many as the recipe's classes; else classes have numbers
    for names, and VOC's colors.
    """
    published, topology = find(recipe.model), topology_of(recipe)
    if recipe.stage != "frontend":
        upsampled = recipe.upsampled_labels or published.topology.upsample
        topology = replace(topology, upsample=upsampled)
    given = labels or published.label_set
    if len(given.classes) != topology.classes:
        given = numbered_classes(topology.classes)
    named = replace(given, mean=cast(Mean, recipe.mean or published.label_set.mean), zoom=1 if topology.upsample else 8)
    return replace(published, topology=topology, label_set=named)


def build_stage(recipe: Recipe, labels: LabelSet | None = None) -> StageNet:
    """The stage's net with its layers' own start, drawn from torch's generator; `labels` as `trained_model`'s."""
    topology = topology_of(recipe)
    noise = recipe.noise or None
    if recipe.stage == "context":
        return StageNet(Context(topology, noise), trained_model(recipe, labels))
    net = DilatedNet.of(topology, noise)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = recipe.dropout
    return StageNet(net, trained_model(recipe, labels))


def build_optimizer(net: nn.Module, recipe: Recipe) -> CaffeOptimizer:
    """SGD as Caffe's; weights at the rate with decay, biases at twice the rate without (fyu/dilation, network.py)."""
    trained = [(name, value) for name, value in net.named_parameters() if value.requires_grad]
    weights = [value for name, value in trained if not name.endswith(".bias")]
    biases = [value for name, value in trained if name.endswith(".bias")]
    groups: list[Group] = [{"params": weights}, {"params": biases, "lr_mult": 2.0, "decay_mult": 0.0}]
    return SGD(
        groups,
        recipe.rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        clip_gradients=recipe.clip_gradients,
        iter_size=recipe.accumulate,
    )


def weights_of(net: StageNet, recipe: Recipe) -> dict[str, Tensor]:
    """The trained weights by state-dict key, on the CPU, float32 in the layers' shapes.

    The published net's fixed upsampling kernel is among them.
    """
    state = {name: value.detach().cpu().float().contiguous() for name, value in net.net.state_dict().items()}
    if recipe.stage == "joint" and net.model.topology.upsample:
        step = upsample_steps(net.model.topology, "")[0]
        if f"{step.name}.weight" not in state:
            kernel = torch.empty(step.shapes[0])
            bilinear_(kernel)
            state[f"{step.name}.weight"] = kernel
    return state
