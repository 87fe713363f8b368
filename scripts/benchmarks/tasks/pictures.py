"""An image to labels, decoded from its file each time: in one with shared front ends, tile by tile, or plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from converter.data.images import read_image
from converter.dilatednet import load, predict
from converter.fast import accelerate

Run = Callable[[], dict[str, Any] | None]


class _TileByTile(torch.nn.Module):
    """Hides what the fast net could share between tiles."""

    def __init__(self, net: torch.nn.Module, input_size: tuple[int, int] | None) -> None:
        super().__init__()
        self.net, self.input_size = net, input_size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One tile."""
        answer: torch.Tensor = self.net(x)
        return answer


def labels(model: str, weights: str, image: str, answer: str, way: str = "shared", dtype: str = "float32") -> Run:
    """`way`: "shared" (as the commands run), "tiles" (the fast net, tile by tile) or "plain" (the plain net)."""
    plain = load(model, weights)
    net: torch.nn.Module = plain if way == "plain" else accelerate(plain, dtype=getattr(torch, dtype))
    if way == "tiles":
        net = _TileByTile(net, plain.input_size)

    def run() -> None:
        np.save(answer, predict(net, read_image(image), model))

    return run


def agreement(one: str, other: str) -> Run:
    """The share of pixels that two label images agree in."""

    def run() -> dict[str, Any]:
        return {"agreement": float((np.load(one) == np.load(other)).mean())}

    return run
