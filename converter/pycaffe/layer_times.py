"""Time of each layer's passes, by a net's callbacks, and the log lines that tell it.

Source: tools/caffe.cpp (time).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from converter.pycaffe.net import Net
from converter.pycaffe.timer import Timer


@dataclass(slots=True)
class LayerTimes:
    """Milliseconds of each layer, summed over passes.

    Attributes:
        net: the net, whose callbacks are added to.
        total: milliseconds of whole passes, forward and backward.
    """

    net: Net
    total: float = 0.0
    _watch: Timer = field(default_factory=Timer)
    _sums: dict[tuple[str, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word in ("forward", "backward"):
            getattr(self.net, f"before_{word}")(lambda _: self._watch.start())
            getattr(self.net, f"after_{word}")(lambda index, word=word: self._add(word, index))

    def lines(self, passes: int) -> Iterator[str]:
        """The averages over `passes`, as `caffe time` logs them."""
        yield "Average time per layer: "
        for index, name in enumerate(self.net._layer_names):
            for word in ("forward", "backward"):
                yield f"{name:>10}\t{word}: {self._sums.get((word, index), 0.0) / passes:.6g} ms."
        for word, title in (("forward", "Forward"), ("backward", "Backward")):
            whole = sum(value for (kind, _), value in self._sums.items() if kind == word)
            yield f"Average {title} pass: {whole / passes:.6g} ms."
        yield f"Average Forward-Backward: {self.total / passes:.6g} ms."
        yield f"Total Time: {self.total:.6g} ms."
        yield "*** Benchmark ends ***"

    def _add(self, word: str, index: int) -> None:
        self._watch.stop()
        key = (word, index)
        self._sums[key] = self._sums.get(key, 0.0) + self._watch.ms
