"""A test net's outputs, averaged over passes, and the log lines that tell them.

Source: src/caffe/solver.cpp (Test, Step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from converter.pycaffe.net import Net

Score: TypeAlias = tuple[str, float, float]
"""An output's name, one of its numbers, and its weight in the loss."""


def run_test(net: Net, passes: int, each: Callable[[int, list[Score]], object] = lambda *_: None) -> list[Score]:
    """Every number of every output, averaged over `passes` forward passes.

    Args:
        net: a net of the test phase.
        passes: how many.
        each: called with every pass's number and scores.
    """
    total: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None
    found: list[Score] = []
    for number in range(passes):
        net._forward(0, len(net.layers) - 1)
        found = net_scores(net)
        each(number, found)
        values = np.array([value for _, value, _ in found])
        total = values if total is None else total + values
    if total is None:
        return []
    return [(name, value / passes, weight) for (name, _, weight), value in zip(found, total, strict=True)]


def net_scores(net: Net) -> list[Score]:
    """Every number of every output as the last pass left it."""
    weights = net.blob_loss_weights
    return [(name, float(value), weights[name]) for name in net.outputs for value in net.blobs[name].data.flat]


def output_lines(which: str, scores: Sequence[Score]) -> Iterator[str]:
    """Log lines, `which` being Train or Test."""
    for number, score in enumerate(scores):
        yield f"    {which} net output #{number}: {score_text(score)}"


def score_text(score: Score) -> str:
    """`name = value`, and what a loss contributes."""
    name, value, weight = score
    share = f" (* {weight:.6g} = {weight * value:.6g} loss)" if weight else ""
    return f"{name} = {value:.6g}{share}"
