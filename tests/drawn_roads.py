"""Roads under noise: a cell of 8 pixels alone is often wrong, and the line that it lies on tells; a front end's start.

Roads run in four directions, so that finding them takes several oriented filters at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from converter.dilatednet.topology import Topology, front_end_steps

CELLS, CELL = 32, 8
SIDE = CELLS * CELL
_ROADS, _CONTRAST, _NOISE = 5, 26.0, 39.0
"""Roads a scene, brightness of a road above the middle gray, and deviation of a cell's brightness."""


def scene(number: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Brightness, uint8 (cells, cells), and labels, 1 on a road; the same for a number on every machine (PCG64)."""
    draws = np.random.default_rng(number)
    labels = np.zeros((CELLS, CELLS), np.uint8)
    down, across = np.mgrid[:CELLS, :CELLS]
    for _ in range(_ROADS):
        angle = draws.integers(0, 4) * np.pi / 4
        row, column = draws.uniform(4, CELLS - 4, 2)
        labels[np.abs((down - row) * np.cos(angle) + (across - column) * np.sin(angle)) < 0.8] = 1
    brightness = 110 + _CONTRAST * (2.0 * labels - 1) + draws.normal(0, _NOISE, labels.shape)
    return brightness.clip(0, 255).astype(np.uint8), labels


def draw_scenes(folder: Path, first: int, count: int) -> None:
    """Scenes as images/NUMBER.png and labels/NUMBER.png, every cell 8 by 8 pixels."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(first, first + count):
        for part, cells in zip(("images", "labels"), scene(number), strict=True):
            Image.fromarray(cells.repeat(CELL, 0).repeat(CELL, 1)).save(folder / part / f"{number}.png")


def write_start(path: Path, width: int, fc_width: int) -> None:
    """A front end that hands brightness on, as VGG-16 hands on what it has learned: with and without its sign.

    Every other layer's center tap is the identity; a little noise lets the rest learn.
    """
    draws, arrays = np.random.default_rng(0), dict[str, np.ndarray[Any, Any]]()
    for step in front_end_steps(Topology(0, context=None, width=width, fc_width=fc_width)):
        if not step.shapes:
            continue
        weight = draws.normal(0, 0.02, step.shapes[0]).astype(np.float32)
        middle = step.kernel // 2
        for channel in range(min(weight.shape[:2])):
            weight[channel, channel, middle, middle] += 1
        if step.name == "conv1_1":
            weight[:] = 0
            weight[:2, 1, 1, 1] = (1 / 50, -1 / 50)
        arrays |= {f"{step.name}.weight": weight, f"{step.name}.bias": np.zeros(step.outputs, np.float32)}
    save_file(arrays, path)
