"""What a net that was compiled for inputs of fixed shapes offers, whatever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from converter.fast.replay import Values


class Program(ABC):
    """A compiled net for inputs of fixed shapes, float32, in inference mode."""

    def __call__(self, inputs: Values) -> Values:
        """The outputs by name, for inputs in the net's order."""
        return self.run(tuple(inputs.values()))

    @abstractmethod
    def run(self, inputs: Sequence[Tensor]) -> Values:
        """The outputs by name, for inputs without theirs."""
