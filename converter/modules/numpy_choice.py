"""What NumPy's older generator draws, from PyTorch's: both are Mersenne Twisters that a seed starts alike."""

from __future__ import annotations

import torch
from torch import Tensor

_BITS = 24
"""Torch's whole numbers below 2**24 are the low bits of a word of the generator; one of 32 bits takes two words."""

_BLOCK = 1024


class NumpyChoice:
    """`numpy.random.RandomState(seed)`'s `permutation` and `choice(..., replace=False)`, number for number.

    It can be copied and pickled; copies go on apart.
    Source: numpy/random/mtrand.pyx (`shuffle`), numpy/random/src/distributions/distributions.c (`random_interval`).

        >>> NumpyChoice(3).permutation(5)
        tensor([3, 4, 1, 0, 2])
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._state = torch.Generator().manual_seed(seed).get_state()
        self._words: list[int] = []

    def permutation(self, count: int) -> Tensor:
        """The numbers from 0 to count - 1 in a random order, int64 on the CPU; `count` up to 2**24."""
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self._up_to(last)
            order[last], order[other] = order[other], order[last]
        return torch.tensor(order, dtype=torch.long)

    def choice(self, items: Tensor, size: int) -> Tensor:
        """`size` of the items (n, ...), each at most once, in random order."""
        return items[self.permutation(len(items))[:size].to(items.device)]

    def _up_to(self, most: int) -> int:
        """A number from 0 to `most`: words cut to the bits of `most` until one is not above it."""
        mask = (1 << most.bit_length()) - 1
        while True:
            if not self._words:
                self._draw()
            value = self._words.pop() & mask
            if value <= most:
                return value

    def _draw(self) -> None:
        """The next words, last first."""
        generator = torch.Generator()
        generator.set_state(self._state)
        self._words = torch.randint(0, 1 << _BITS, (_BLOCK,), generator=generator).tolist()[::-1]
        self._state = generator.get_state()
