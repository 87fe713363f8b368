"""From settings and a net to its optimizer: which blobs are trained, in which order, at which multiple of the rate."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.layer_blobs import caffe_blobs
from converter.solver.optimizers import SOLVERS, CaffeOptimizer
from converter.solver.settings import SolverSettings


@dataclass(frozen=True, slots=True)
class LearnableBlob:
    """One blob of a net that the solver updates; Caffe calls them learnable parameters."""

    layer: str
    index: int
    tensor: Tensor
    lr_mult: float = 1.0
    decay_mult: float = 1.0


def learnable_blobs(net: CaffeModule) -> list[LearnableBlob]:
    """Every learnable blob in the net's order, shared ones once, with multipliers (src/caffe/net.cpp, AppendParam).

    A multiplier that any sharer states counts, as in Caffe (1 where none does). Statistics (BatchNorm's blobs) are
    learnable in Caffe too, with the rate forced to 0, and have their place in a solver state.
    """
    found: dict[int, LearnableBlob] = {}
    for layer in net.facts.layers:
        for index, (tensor, stated) in enumerate(zip(caffe_blobs(net, layer), layer.multipliers, strict=True)):
            rate, decay = (1.0 if value is None else value for value in stated)
            rate = rate if isinstance(tensor, nn.Parameter) else 0.0
            found.setdefault(id(tensor), LearnableBlob(layer.name, index, tensor, rate, decay))
    return list(found.values())


def build_optimizer(settings: SolverSettings, blobs: list[LearnableBlob]) -> CaffeOptimizer:
    """The optimizer that a solver's settings describe, one parameter group a blob."""
    groups = [{"params": [blob.tensor], "lr_mult": blob.lr_mult, "decay_mult": blob.decay_mult} for blob in blobs]
    return SOLVERS[settings.type](
        groups,
        settings.policy.base_lr,
        weight_decay=settings.weight_decay,
        regularization=settings.regularization_type,
        clip_gradients=settings.clip_gradients,
        iter_size=settings.iter_size,
        **settings.rule,
    )


def freeze(blobs: list[LearnableBlob]) -> None:
    """Ask no gradient of blobs whose rate is 0: Caffe computes none, and they cannot move."""
    for blob in blobs:
        if blob.lr_mult == 0 and isinstance(blob.tensor, nn.Parameter):
            blob.tensor.requires_grad_(False)
