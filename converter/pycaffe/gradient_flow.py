"""Which layers, bottoms and parameters take part in a backward pass.

Source: src/caffe/net.cpp (Init, AppendBottom). A blob that several layers read without a Split layer between them is
skipped where every one of its readers skips it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from converter.net.splits import NetLayer
from converter.plan.plan import ConfiguredLayer, param_spec

Step = tuple[NetLayer, ConfiguredLayer | None]
"""A layer and what the plan has of it: nothing of a Split layer that Caffe would insert."""


@dataclass(slots=True)
class LayerFlow:
    """One layer: whether it runs backward, which bottoms it gives gradients, which of its blobs collect theirs."""

    needed: bool
    bottoms: list[bool]
    params: list[bool]


_UNREACHABLE = {"ContrastiveLoss": 2, "LSTM": 1, "LSTMUnit": 2, "RNN": 1}
"""Bottom that `force_backward` does not force, by type; of other losses it is the labels, 1."""

_TWO_SIDED = frozenset({"EuclideanLoss", "SmoothL1Loss"})
"""Losses whose second bottom has a gradient too."""


def gradient_flow(steps: Sequence[Step], loss_weights: Mapping[str, float], *, force: bool) -> list[LayerFlow]:
    """The flow through each layer of a net, in file order.

    Args:
        steps: the net.
        loss_weights: weights of the tops that have one.
        force: the net's `force_backward`: every bottom gets a gradient, whatever needs one.
    """
    flows = _needs(steps)
    _restrict_to_losses(steps, flows, loss_weights)
    for (_, step), flow in zip(steps, flows, strict=True) if force else ():
        flow.needed = True
        flow.bottoms = [need or step is None or _allows_force(step, i) for i, need in enumerate(flow.bottoms)]
        flow.params = [blob.trained for blob in step.operator.blobs] if step is not None else []
    return flows


def _needs(steps: Sequence[Step]) -> list[LayerFlow]:
    """Gradients by need alone: a layer runs backward for its own parameters, or for those of layers before it."""
    blob_need: dict[str, bool] = {}
    flows = []
    for layer, step in steps:
        below = [blob_need.get(name, False) for name in layer.bottoms]
        stated = step.layer.propagate_down if step is not None else ()
        bottoms = list(stated) if stated else below
        params = [blob.trained and _rate(step, i) != 0 for i, blob in enumerate(step.operator.blobs)] if step else []
        needed = any(below) or any(params)
        if needed:
            blob_need.update(dict.fromkeys(layer.tops, True))
        flows.append(LayerFlow(needed, bottoms, params))
    return flows


def _restrict_to_losses(steps: Sequence[Step], flows: Sequence[LayerFlow], loss_weights: Mapping[str, float]) -> None:
    """Take out what no loss depends on, and layers all of whose tops are skipped."""
    under_loss: set[str] = set()
    readers: dict[str, list[bool]] = {}
    for (layer, _), flow in zip(reversed(steps), reversed(flows), strict=True):
        tops = layer.tops
        contributes = any(top in under_loss or loss_weights.get(top) for top in tops)
        skipped = bool(tops) and all(top in readers and not any(readers[top]) for top in tops)
        if not contributes or skipped:
            flow.needed, flow.bottoms = False, [False] * len(flow.bottoms)
        for top in tops:
            readers.pop(top, None)
        if contributes:
            under_loss.update(layer.bottoms)
        for name, wanted in zip(layer.bottoms, flow.bottoms, strict=True):
            readers.setdefault(name, []).append(wanted)


def _rate(step: ConfiguredLayer, index: int) -> float:
    rate = param_spec(step.layer, index).lr_mult
    return 1.0 if rate is None else rate


def _allows_force(step: ConfiguredLayer, bottom: int) -> bool:
    """AllowForceBackward of the layer type."""
    kind = step.layer.type
    if kind in _TWO_SIDED:
        return True
    return bottom != _UNREACHABLE.get(kind, 1 if step.operator.is_loss else -1)
