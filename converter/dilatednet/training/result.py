"""The weights file of a run, which every checkpoint renews."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch

from converter.dilatednet.trained import RESULT, describe
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.stages import StageNet, weights_of
from converter.files.atomic import atomic_write

BEST = "best.safetensors"
"""The weights with the highest mean IoU in validation."""


def write_weights(
    folder: Path, net: StageNet, recipe: Recipe, iteration: int, name: str = RESULT, **facts: float
) -> Path:
    """Write the net's weights after `iteration` updates, whole or not at all; where they are. `facts` stand with them.

    Raises:
        OutputError: they cannot be written.
    """
    path = folder / name
    more = {key: repr(value) for key, value in facts.items()}
    metadata = {"iteration": str(iteration), **more, **describe(net.model, recipe.stage)}
    with atomic_write(path) as file:
        file.write(safetensors.torch.save(weights_of(net, recipe), metadata))
    return path
