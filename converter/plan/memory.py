"""What a configured net takes in memory, held against a limit before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from converter.files.memory import check_memory
from converter.net.net import Layer
from converter.plan.plan import ConfiguredLayer, Plan

_COPY = 8
"""Bytes of each number of the oracle's copy of a layer's parameters."""


def check_parameters(steps: Sequence[ConfiguredLayer], limit: int | None = None) -> None:
    """Refuse to fill more parameters than fit into memory, float32 each.

    Raises:
        MemoryLimitError: they do not fit; names the layer that has most.
    """
    _check([(4 * _count(step), step.layer) for step in steps], "the parameters", limit)


def check_run(plan: Plan, width: int, limit: int | None = None, *, filled: bool = False) -> None:
    """Refuse to keep every blob of a net where they do not fit into memory, with the parameters of its layers.

    Args:
        plan: the net.
        width: bytes that each number of a blob takes, in all programs together.
        limit: bytes that may be taken; None: a share of what is free.
        filled: whether the parameters are filled, float32, rather than mapped from a file. In either case the oracle
            copies those of one layer after the other to float64, so that the largest counts.

    Raises:
        MemoryLimitError: they do not fit; names the layer that takes most.
    """
    makers = {top: step.layer for step in plan.steps for top in step.layer.tops}
    sizes = [(width * math.prod(shape), makers[name]) for name, shape in plan.shapes.items()]
    counts = [_count(step) for step in plan.steps]
    largest = max(range(len(counts)), key=counts.__getitem__, default=0)
    for place, (step, count) in enumerate(zip(plan.steps, counts, strict=True)):
        sizes.append(((4 * filled + _COPY * (place == largest)) * count, step.layer))
    _check(sizes, "the blobs and parameters", limit)


def _count(step: ConfiguredLayer) -> int:
    """The numbers of a layer's parameters."""
    return sum(math.prod(blob.shape) for blob in step.operator.blobs)


def _check(sizes: Sequence[tuple[int, Layer]], what: str, limit: int | None) -> None:
    """Refuse the bytes that layers take where their sum is too much."""
    if sizes:
        _, largest = max(sizes, key=lambda pair: pair[0])
        told = f"layer {largest.name!r} ({largest.type}): with it {what} of the net"
        check_memory(sum(size for size, _ in sizes), told, limit, layer=largest.name)
