"""What a run leaves for use: its weights, which every checkpoint renews, and their net as Caffe's prototxt."""

from __future__ import annotations

from pathlib import Path

from converter.dilatednet.topology import context_prototxt, prototxt
from converter.dilatednet.trained import NET, RESULT, describe, write_trained
from converter.dilatednet.training.recipes import SHRINK, Recipe
from converter.dilatednet.training.stages import StageNet, weights_of
from converter.dilatednet.training.validation import CELL
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
    write_trained(path, {name: value.numpy() for name, value in weights_of(net, recipe).items()}, metadata)
    return path


def write_net(folder: Path, net: StageNet, recipe: Recipe) -> Path:
    """Write the net that the run's weights are for, as a deploy prototxt; where it is.

    A run of the context stage holds the context module alone, whose input is the front end's logits.

    Raises:
        OutputError: it cannot be written.
    """
    model, path = net.model, folder / NET
    height, width = model.input_size
    name = f"{model.name}_{recipe.stage}"
    if recipe.stage == "context":
        text = context_prototxt(model.topology, name, ((height - SHRINK) // CELL, (width - SHRINK) // CELL))
    else:
        text = prototxt(model.topology, name, (height, width))
    with atomic_write(path) as file:
        file.write(text.encode())
    return path
