"""What a configured net takes in memory, held against a limit before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from converter.files.memory import check_memory
from converter.net.net import Layer
from converter.plan.plan import ConfiguredLayer, Plan


def check_parameters(steps: Sequence[ConfiguredLayer], limit: int | None = None) -> None:
    """Refuse to fill more parameters than fit into memory, float32 each.

    Raises:
        MemoryLimitError: they do not fit; names the layer that has most.
    """
    sizes = {step.key: sum(4 * math.prod(blob.shape) for blob in step.operator.blobs) for step in steps}
    _check(sizes, {step.key: step.layer for step in steps}, "the parameters", limit)


def check_run(plan: Plan, width: int, limit: int | None = None) -> None:
    """Refuse to keep every blob of a net where they do not fit into memory.

    Args:
        plan: the net.
        width: bytes that each number takes, in all programs together.
        limit: bytes that may be taken; None: a share of what is free.

    Raises:
        MemoryLimitError: they do not fit; names the layer that makes the largest.
    """
    sizes = {name: width * math.prod(shape) for name, shape in plan.shapes.items()}
    makers = {top: step.layer for step in plan.steps for top in step.layer.tops}
    _check(sizes, makers, "the blobs", limit)


def _check(sizes: Mapping[str, int], makers: Mapping[str, Layer], what: str, limit: int | None) -> None:
    if sizes:
        largest = makers[max(sizes, key=lambda key: sizes[key])]
        told = f"layer {largest.name!r} ({largest.type}): with it {what} of the net"
        check_memory(sum(sizes.values()), told, limit, layer=largest.name)
