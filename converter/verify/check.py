"""One comparison of a check, and what else speaks against it: numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from reference.compare import Comparison
from reference.weights import Nonfinite

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes:
        title: what was compared with what, "A against B".
        comparison: blob by blob.
        expected: B's end blobs, for those who want to look.
        actual: A's.
        findings: what is wrong beside blobs that differ; a check with any does not pass.
        information: what is worth knowing and decides nothing.
    """

    title: str
    comparison: Comparison
    expected: Mapping[str, Array]
    actual: Mapping[str, Array]
    findings: tuple[str, ...] = ()
    information: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every blob passed and nothing else was found."""
        return self.comparison.passed and not self.findings


def nonfinite_weights(found: Sequence[Nonfinite]) -> Iterator[str]:
    """A finding about the first stored blob with numbers that are not finite, and how many more there are."""
    if found:
        first, rest = found[0], sum(blob.count for blob in found[1:])
        more = f", and {rest} numbers of {len(found) - 1} other blobs" if rest else ""
        where = f"the weights of layer '{first.layer}', blob '{first.blob}'"
        yield f"{where}: {first.count} of {first.size} numbers are NaN or infinite{more}"


def nonfinite_blobs(blobs: Mapping[str, Array], whose: str) -> Iterator[str]:
    """A finding about the first blob, of any shape, with numbers that are not finite, in the order given.

    Args:
        blobs: arrays by blob, in net order.
        whose: the program that made them.
    """
    for name, blob in blobs.items():
        count = int(blob.size - np.isfinite(blob).sum())
        if count:
            yield f"blob '{name}' of {whose}: {count} of {blob.size} numbers are NaN or infinite"
            return


def end_to_end_note(comparison: Comparison, layers: Sequence[str]) -> Iterator[str]:
    """What is told of layers that both programs computed from the same bottoms.

    Args:
        comparison: of their tops and all that follows, each program going on from its own numbers.
        layers: the layers, as errors name them.
    """
    yield f"judged on the same bottoms in both programs, as a last bit may change their output: {', '.join(layers)}"
    apart = [row for row in comparison.rows if not row.passed]
    for row in apart:
        yield f"end to end, blob '{row.blob}': {row.reason}"
    if not apart:
        yield "end to end their blobs and all that follow are within their tolerances too"
