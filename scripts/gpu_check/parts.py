"""The parts in the order they run, each with its time limit; together they stay below ten minutes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A module of `scripts.gpu_check.checks`; a `parity` part decides the exit code."""

    name: str
    limit: float
    title: str
    parity: bool = False


PARTS = (
    Part("environment", 20, "card, driver, versions"),
    Part("layers", 90, "every layer's golden, forward and gradients", parity=True),
    Part("weights", 45, "full-size weights for what follows"),
    Part("nets", 75, "mini and full nets against the oracle's blobs", parity=True),
    Part("labels", 60, "convert, load, predict; labels beside the CPU's", parity=True),
    Part("recipe", 20, "a Caffe solver recipe against its golden", parity=True),
    Part("tile", 90, "a tile in each type, beside torch and the card's own product"),
    Part("determinism", 30, "two runs bit for bit; what refuses to be deterministic"),
    Part("training", 70, "an update of each stage, with and without compile"),
    Part("batches", 40, "batch sizes and peak memory"),
    Part("pictures", 35, "images a second with loading and PNG writing"),
    Part("distributed", 20, "DDP with one process", parity=True),
)
WHOLE = 590.0
"""Seconds for all of them."""
