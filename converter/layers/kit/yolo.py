"""Anchors as YOLO's losses write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converter.net.params import Params


def read_anchors(view: Params) -> list[tuple[float, float]]:
    """`biases` as pairs of width and height."""
    numbers = view.numbers("biases")
    if not numbers or len(numbers) % 2 or min(numbers) <= 0:
        raise view.error("biases", f"is {list(numbers)}", "expected pairs of numbers above 0")
    return list(zip(numbers[::2], numbers[1::2], strict=True))
