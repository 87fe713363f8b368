"""What a stage begins with: weights files put into its net, with an account of what they filled and what not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from converter.dilatednet.topology import Topology
from converter.dilatednet.trained import weights_file
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.stages import StageNet, topology_of
from converter.dilatednet.training.vgg import from_torchvision, is_torchvision
from converter.dilatednet.zoo import find
from converter.errors import TrainingError, WeightsError
from converter.formats.weights.pth import read_state_dict


def read_named(path: str | os.PathLike[str], mean: Sequence[float]) -> dict[str, Tensor]:
    """A weights file, or a run's in its folder, as tensors by key: .caffemodel, .h5, .safetensors, a .pth state dict.

    torchvision's VGG-16 is put under Caffe's names, for inputs minus `mean` (B, G, R).

    Raises:
        CaffemodelError: it does not read. WeightsError: a .pth that is no plain state dict.
    """
    path = weights_file(path)
    if path.endswith((".pth", ".pt")):
        state = read_state_dict(path)
        return from_torchvision(state, mean) if is_torchvision(state) else dict(state)
    from converter.plan.stored_weights import read_weights

    parts = ("weight", "bias")
    return {
        f"{layer}.{part}": torch.from_numpy(np.asarray(blob, np.float32))
        for layer, blobs in read_weights(path).items()
        for part, blob in zip(parts, blobs, strict=False)
    }


def initialize(net: StageNet, recipe: Recipe, paths: Sequence[str], *, from_scratch: bool = False) -> list[str]:
    """Fill the net from weights files, later ones over earlier; returns notes for the user.

    The classifier and the context module may be missing: they keep their start (N(0, 0.001²), identity). The rest of
    the front end may be so only `from_scratch`.

    Raises:
        WeightsError: a layer of the front end that no file has, or one of another shape.
        TrainingError: no weights given for a front end, or files of which nothing fits.
    """
    model, topology = find(recipe.model), topology_of(recipe)
    if not paths and recipe.stage != "context" and not from_scratch:
        message = f"stage {recipe.stage} has no weights to begin with; it starts from VGG-16's or a trained front end's"
        raise TrainingError(f"{message}; give --weights, or --from-scratch to do without")
    given: dict[str, Tensor] = {}
    for path in paths:
        given.update(read_named(path, recipe.mean or model.label_set.mean))
    wanted = dict(net.net.named_parameters())
    used = [name for name in wanted if name in given]
    if paths and not used:
        message = f"none of the {len(given)} blobs in {', '.join(paths)} belongs to stage {recipe.stage}"
        raise TrainingError(f"{message}; check the files, or the stage")
    optional = (f"{topology.classifier}.", topology.prefix)
    missing = [name for name in wanted if name not in given]
    required = [name for name in missing if not name.startswith(optional)]
    if required and not from_scratch:
        message = f"the weights lack {len(required)} blobs of the front end: {', '.join(required[:6])}"
        raise WeightsError(f"{message}; give a file that has them", missing=tuple(required))
    _copy(wanted, given, used)
    unused = sorted({name.rpartition(".")[0] for name in given} - {name.rpartition(".")[0] for name in wanted})
    return _notes(missing, unused) if paths else [_start_note(recipe, wanted, topology)]


def _copy(wanted: Mapping[str, torch.nn.Parameter], given: Mapping[str, Tensor], used: Sequence[str]) -> None:
    """Values into parameters; matrices and old 4-D blobs of the same numbers are reshaped, as Caffe allows for VGG."""
    wrong = [name for name in used if not _fits(tuple(given[name].shape), tuple(wanted[name].shape))]
    if wrong:
        first = wrong[0]
        seen = f"{tuple(given[first].shape)} in the file, {tuple(wanted[first].shape)} in the net"
        message = f"{len(wrong)} blobs of another shape; {first}: {seen}; give the recipe's own net"
        raise WeightsError(message, misshapen=tuple(wrong))
    with torch.no_grad():
        for name in used:
            wanted[name].copy_(given[name].reshape(wanted[name].shape))


def _fits(stored: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Equal but for ones in front, or a matrix with a filter's numbers in a row (VGG's fc6 as InnerProduct)."""
    stripped = stored
    while len(stripped) > 1 and stripped[0] == 1 and stripped != wanted:
        stripped = stripped[1:]
    return stripped == wanted or stripped == (wanted[0], int(np.prod(wanted[1:])))


def _start_note(recipe: Recipe, wanted: Mapping[str, object], topology: Topology) -> str:
    """What a net begins with that was given no weights."""
    context = "the context module hands on what it gets (equations 4 and 5)"
    front = f"the front end is random, seed {recipe.seed}"
    has_context = any(name.startswith(topology.prefix) for name in wanted)
    parts = [front] if recipe.stage != "context" else []
    return f"no weights to begin with: {', '.join(parts + [context] * has_context)}"


def _notes(missing: Sequence[str], unused: Sequence[str]) -> list[str]:
    notes = []
    if missing:
        layers = dict.fromkeys(name.rpartition(".")[0] for name in missing)
        notes.append(f"not in the weights, begun afresh: {', '.join(layers)}")
    if unused:
        notes.append(f"in the weights, not in this stage's net: {', '.join(unused)}")
    return notes
