"""What a net has to do, counted rather than measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from converter.plan.inspection import inspect_net


def multiply_adds(prototxt: str, side: int) -> Callable[[], dict[str, Any]]:
    """Multiply-adds of one square tile."""

    def run() -> dict[str, Any]:
        rows = inspect_net(prototxt, inputs={"data": (1, 3, side, side)}).rows
        return {"multiply_adds": sum(row.multiply_adds for row in rows)}

    return run
