"""The order in which training sees its items: a function of the seed and a position, so a run can go on anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_ITEM_STREAM = 1


@dataclass(slots=True)
class SampleOrder:
    """`count` items, epoch after epoch; `shuffle` draws a new permutation for each epoch.

    Position 0, 1, 2, … runs through all epochs. Nothing is remembered between calls but the permutation last drawn, so
    resuming needs the position alone, and several workers or machines agree without talking. Caffe shuffles in place
    with its global Mersenne twister instead: the orders differ, their statistics do not.
    """

    count: int
    seed: int = 0
    shuffle: bool = True
    _epoch: int = field(default=-1, init=False, repr=False)
    _permutation: np.ndarray[tuple[int], np.dtype[np.int64]] = field(
        default_factory=lambda: np.empty(0, np.int64), init=False, repr=False
    )

    def item(self, position: int) -> int:
        """Which item stands at `position`."""
        epoch, place = divmod(position, self.count)
        if not self.shuffle:
            return place
        if epoch != self._epoch:
            self._permutation = np.random.default_rng((self.seed, 0, epoch)).permutation(self.count)
            self._epoch = epoch
        return int(self._permutation[place])

    def draws(self, position: int) -> np.random.Generator:
        """The random numbers that belong to `position` (mirror, crop, scale), independent of all others."""
        return np.random.default_rng((self.seed, _ITEM_STREAM, position))
