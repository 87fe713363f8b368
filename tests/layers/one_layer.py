"""One layer on given arrays in float64, and arrays to give it."""

import numpy as np
import torch


def normal(*shape: int, seed: int = 11) -> np.ndarray:
    """Normally distributed values, the same in every run."""
    return np.random.default_rng(seed).normal(size=shape)


def uniform(*shape: int, seed: int = 11) -> np.ndarray:
    """Values in [0, 1), the same in every run."""
    return np.random.default_rng(seed).uniform(size=shape)


def run(build, body: str, *bottoms: np.ndarray, tops: int = 1, phase: str = "test", parameters=()) -> list[np.ndarray]:
    """The tops of a layer in float64 for bottoms x0, x1, …"""
    names = [f"x{index}" for index in range(len(bottoms))]
    wires = " ".join([f'bottom: "{name}"' for name in names] + [f'top: "y{index}"' for index in range(tops)])
    net = build(
        f"{body} {wires}", {name: x.shape for name, x in zip(names, bottoms, strict=True)}, phase=phase
    ).double()
    with torch.no_grad():
        if len(parameters):
            shapes = net.facts.layer_named("it").shapes
            net.set_blobs("it", [np.reshape(value, shape) for value, shape in zip(parameters, shapes, strict=True)])
        blobs = net.blobs(
            **{name: torch.tensor(x, dtype=torch.float64) for name, x in zip(names, bottoms, strict=True)}
        )
    return [blobs[f"y{index}"].numpy() for index in range(tops)]
