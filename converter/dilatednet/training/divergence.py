"""When a run counts as diverged: at once where its loss is not finite, else where its smoothed loss stays too high."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

WINDOW = 50
"""Updates over which the loss is averaged: single batches of healthy runs reach 10 × ln 2."""


@dataclass(slots=True)
class Divergence:
    """Watches the losses of a net of `classes`; the smoothed loss counts only where `smoothed` is set."""

    classes: int
    smoothed: bool = True
    _losses: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW), repr=False)

    @property
    def limit(self) -> float:
        """The highest smoothed loss of a run that may still learn: ten times that of even odds, 10 × ln(classes)."""
        return 10 * math.log(max(2, self.classes))

    def reason(self, loss: float) -> str:
        """What is wrong after an update of this loss, as words for a message; "" where nothing is."""
        if not math.isfinite(loss):
            return f"loss {loss:g}; expected a finite number"
        self._losses.append(loss)
        mean = sum(self._losses) / len(self._losses)
        if not self.smoothed or len(self._losses) < WINDOW or mean <= self.limit:
            return ""
        return f"loss {mean:g} over {WINDOW} updates; expected below {self.limit:.1f} (10 × ln {self.classes})"
