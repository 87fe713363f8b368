"""A net as a list of kernels on fixed memory, for inputs of fixed shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx

from converter.fast.onednn_library.binding import raise_for
from converter.fast.onednn_library.lowering import Lowering
from converter.fast.program import Program
from converter.fast.replay import Values


class KernelProgram(Program):
    """The outputs of a graph by oneDNN's kernels, one call each, without torch's way to them.

    Several threads may call it: each takes a lowered net that is idle, or makes one more; weights are packed once.
    A copy, or what is unpickled, lowers anew.
    """

    def __init__(self, graph: fx.GraphModule, names: Sequence[str], inputs: Sequence[Tensor]) -> None:
        """inputs: examples, float32, contiguous.

        Raises:
            RuntimeError: oneDNN has no kernel for a step.
        """
        self._graph, self._names = graph, list(names)
        self._packed: dict[int, dict[str, Tensor]] = {}
        self._idle: dict[int, list[Lowering]] = {}
        self._return(torch.get_num_threads(), self._lowered(inputs))

    def run(self, inputs: Sequence[Tensor]) -> Values:
        """The outputs by name, for inputs without theirs; in inference mode.

        Raises:
            RuntimeError: a kernel failed.
        """
        threads = torch.get_num_threads()  # kernels share their work out among as many as there were when made
        idle = self._idle.get(threads)
        given = [value.contiguous() for value in inputs]
        lowered = idle.pop() if idle else self._lowered(given)
        for enter, value in zip(lowered.entries, given, strict=True):
            raise_for(enter(value))
        for step in lowered.steps:
            if status := step():
                raise_for(status)
        found = {name: value.clone() for name, value in zip(self._names, lowered.outputs, strict=True)}
        self._return(threads, lowered)
        return found

    def _lowered(self, inputs: Sequence[Tensor]) -> Lowering:
        packed = self._packed.setdefault(
            torch.get_num_threads(), {}
        )  # kernels for other threads may want other layouts
        return Lowering(self._graph, inputs, self._names, packed)

    def _return(self, threads: int, lowered: Lowering) -> None:
        self._idle.setdefault(threads, []).append(lowered)

    def __getstate__(self) -> dict[str, Any]:
        """All but what holds addresses of memory."""
        return {**self.__dict__, "_idle": {}, "_packed": {}}
