"""The weights file of a run, which every checkpoint renews."""

from __future__ import annotations

from pathlib import Path

from converter.dilatednet.trained import RESULT, describe, write_trained
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.stages import StageNet, weights_of

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
    write_trained(path, {name: value.numpy() for name, value in weights_of(net, recipe).items()}, metadata)
    return path
