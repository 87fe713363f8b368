"""Fine-tuning a converted net: another head, layers that stay as they are, Caffe's multipliers for torch.optim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from converter.errors import GraphError
from converter.modules.normalization import CaffeBatchNorm2d, ScaledBatchNorm2d
from converter.net.fillers import Filler
from converter.plan.heads import layers_with_outputs, plan_with_outputs
from converter.plan.plan import ConfiguredLayer
from converter.plan.weights import fill_step
from converter.pytorch.builder import filled_module
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.facts import NetFacts

Group = dict[str, Any]


def replace_head(
    net: CaffeModule,
    outputs: Mapping[str, int] | str,
    number: int | None = None,
    *,
    filler: str | None = None,
    seed: int | None = None,
) -> CaffeModule:
    """Give layers another number of outputs, in place: the same layers, their numbers filled anew.

    Layers behind them that have numbers a channel (BatchNorm, Scale, PReLU) follow. What is filled anew is trained: an
    `lr_mult` of 0 counts as 1 there.

    Args:
        net: a net as `converter.load` gives it.
        outputs: number of outputs by layer, `{"fc8": 20}`; or one layer's name, with `number` behind it.
        number: the number of outputs of the layer that `outputs` names.
        filler: Caffe's filler for the weights ("xavier", "msra", "gaussian" with standard deviation 0.01, ...); None
            takes the prototxt's, or xavier where it names none (deploy files seldom do).
        seed: of random fillers; None draws one.

    Returns:
        The net; `notes` says what was filled.

    Raises:
        GraphError: no such layer, one without a number of outputs, one that takes a head's outputs and is not named; or
            the net is a copy, which does not know how it was configured.
        ShapeError: the net does not fit together with these numbers.
    """
    if isinstance(outputs, str):
        if number is None:
            raise GraphError(f"layer {outputs!r}: say how many outputs it is to have")
        outputs = {outputs: number}
    plan = getattr(net, "plan", None)
    if plan is None:
        raise GraphError("a copied or cut net does not know its layers' settings; use converter.load(..., classes=...)")
    new = plan_with_outputs(plan, outputs)
    changed = layers_with_outputs(plan, new, outputs)
    random, notes = np.random.default_rng(seed), list(net.facts.notes)
    for step in changed:
        kinds = _replace_layer(net, step, filler, random)
        notes.append(f"layer {step.layer.name!r} has new blobs: {kinds}")
    net.plan = new
    net.remember(_with_blobs(net, {step.layer.name: step for step in changed}, notes))
    return net


def _replace_layer(net: CaffeModule, step: ConfiguredLayer, filler: str | None, random: np.random.Generator) -> str:
    """Put a layer's new module in; what its blobs were filled by."""
    facts = net.facts.layer_named(step.layer.name)
    assert facts is not None
    old = net.get_submodule(facts.target)
    operator = step.operator
    operator.blobs = [
        replace(blob, filler=_filler(blob.filler, filler)) if not index and len(blob.shape) > 1 else blob
        for index, blob in enumerate(operator.blobs)
    ]
    module = filled_module(step, operator.state_of(fill_step(step, random)))
    like = next((value for value in old.parameters() if value.is_floating_point()), None)
    net._modules[facts.target] = module.to(like.device, like.dtype) if like is not None else module
    module.train(net.training)
    return ", ".join(f"{blob.name} by {blob.filler.type}" for blob in operator.blobs)


def _filler(stated: Filler, wanted: str | None) -> Filler:
    """The filler of a head's weights."""
    if wanted is None:
        return Filler("xavier") if stated.type == "constant" else stated
    return Filler(wanted, std=0.01, std_set=True) if wanted == "gaussian" else Filler(wanted)


def _with_blobs(net: CaffeModule, changed: Mapping[str, ConfiguredLayer], notes: list[str]) -> NetFacts:
    """The net's facts with the new blobs' shapes, and rates at which they learn."""
    layers = []
    for layer in net.facts.layers:
        if (step := changed.get(layer.name)) is not None:
            rates = tuple((rate or (None if rate is None else 1.0), decay) for rate, decay in layer.multipliers)
            shapes = tuple(blob.shape for blob in step.operator.blobs)
            layer = replace(layer, shapes=shapes, multipliers=rates)
        layers.append(layer)
    return replace(net.facts, layers=tuple(layers), notes=tuple(notes))


def freeze(net: CaffeModule, until: str) -> CaffeModule:
    """Keep every layer up to and with `until` (in the net's order) as it is: no gradients, no new statistics.

    BatchNorm layers among them use their stored statistics in training too, as with `use_global_stats: true`.

    Raises:
        GraphError: the net has no layer of that name.
    """
    names = [layer.name for layer in net.facts.layers]
    if until not in names:
        raise GraphError(f"the net has no layer {until!r}; its layers are {', '.join(names[:8])} ...")
    for layer in net.facts.layers[: names.index(until) + 1]:
        if not layer.target:
            continue
        module = net.get_submodule(layer.target)
        module.requires_grad_(False)
        if isinstance(module, ScaledBatchNorm2d):
            module.frozen = True
        elif isinstance(module, CaffeBatchNorm2d):
            module.use_global_stats = True
    return net


def parameter_groups(net: CaffeModule, lr: float, weight_decay: float = 0.0) -> list[Group]:
    """Groups for torch.optim with Caffe's multipliers: `lr * lr_mult` and `weight_decay * decay_mult` for each blob.

    Parameters without gradient (frozen) and those of rate 0 are left out. Numbers of a module that the net did not come
    with have both multipliers 1, unless they stand in for a blob of the layer they replace.

        >>> optimizer = torch.optim.SGD(converter.parameter_groups(net, lr=1e-3, weight_decay=5e-4), momentum=0.9)
    """
    multipliers = _multipliers(net)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        rate, decay = multipliers.get(name, (1.0, 1.0))
        if parameter.requires_grad and rate:
            groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": found, "lr": lr * rate, "weight_decay": weight_decay * decay}
        for (rate, decay), found in groups.items()
    ]


def _multipliers(net: CaffeModule) -> dict[str, tuple[float, float]]:
    """Multipliers by state_dict key; a shared blob has the key of its first layer."""
    owners: dict[int, str] = {}
    parameters = dict(net.named_parameters(remove_duplicate=False))
    found: dict[str, tuple[float, float]] = {}
    for layer in net.facts.layers:
        for blob, (rate, decay) in zip(layer.blobs, layer.multipliers, strict=False):
            key = f"{layer.target}.{blob}"
            if key not in parameters:
                continue
            owner = owners.setdefault(id(parameters[key]), key)
            found.setdefault(owner, (1.0 if rate is None else rate, 1.0 if decay is None else decay))
    return found
