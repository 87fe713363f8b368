"""What is run for shapes that come again: a graph captured for them, or what torch's compiler makes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Values: TypeAlias = dict[str, Tensor]
Function: TypeAlias = Callable[[Values], Values]
Capture: TypeAlias = Callable[[Function, Values], Function]
"""Makes the function ready for inputs of the given ones' shapes. Raises RuntimeError where it cannot."""
Shapes: TypeAlias = tuple[tuple[str, ...], tuple[torch.Size, ...]]
"""Names of inputs and their shapes."""
_KEPT = 4
"""Shapes whose graphs are kept: each holds every blob's memory."""


class GraphReplay:
    """A function of named tensors, run as it is for a shape's first time, and made ready for its second.

    The first run packs weights and tries algorithms out, which neither a graph nor the compiler can. Images of ever new
    shapes are never captured; tiles of a fixed size are. `unfit` says after that run why its shape goes on as it is, ""
    where it need not; `refused` tells such reasons of the shapes that are remembered.
    """

    def __init__(
        self,
        function: Function,
        capture: Capture | None = None,
        *,
        compiled: bool = False,
        unfit: Callable[[], str] = lambda: "",
    ) -> None:
        self._function, self._capture, self._unfit = function, capture, unfit
        self._compiled: Function | None = torch.compile(function, dynamic=False) if compiled else None
        self._ready: OrderedDict[Shapes, Function | None] = OrderedDict()
        self.refused: dict[Shapes, str] = {}

    def __call__(self, inputs: Values) -> Values:
        """The function's output; tensors that nothing overwrites."""
        if (self._capture is None and self._compiled is None) or torch.compiler.is_compiling():
            return self._function(inputs)
        shapes = tuple(inputs), tuple(value.shape for value in inputs.values())
        if shapes not in self._ready:
            return self._first(shapes, inputs)
        ready = self.ready(shapes) or self._prepare(shapes, inputs)
        self._ready[shapes] = ready
        return ready(inputs)

    def _first(self, shapes: Shapes, inputs: Values) -> Values:
        found, why = self._function(inputs), self._unfit()
        self._ready[shapes] = self._function if why else None
        if why:
            self.refused[shapes] = why
        while len(self._ready) > _KEPT:
            self.refused.pop(self._ready.popitem(last=False)[0], None)
        return found

    def ready(self, shapes: Shapes) -> Function | None:
        """What stands ready for inputs of these shapes, which counts as a use of it; None where nothing does."""
        found = self._ready.get(shapes)
        if found is not None:
            self._ready.move_to_end(shapes)
        return found

    def _prepare(self, shapes: Shapes, inputs: Values) -> Function:
        function = self._compiled or self._function
        if self._capture is None:
            return function
        try:
            return self._capture(function, inputs)
        except RuntimeError as error:
            self.refused[shapes] = str(error).splitlines()[0]
            return function


def capture_on_cuda(function: Function, inputs: Values) -> Function:
    """The function as a CUDA graph for inputs of these shapes, whose outputs are copied out of the graph's memory.

    Raises:
        RuntimeError: it does something that a graph cannot hold.
    """
    fixed = {name: value.clone(memory_format=torch.preserve_format) for name, value in inputs.items()}
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        function(dict(fixed))
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        outputs = function(dict(fixed))

    def replay(values: Values) -> Values:
        for name, value in values.items():
            fixed[name].copy_(value)
        graph.replay()
        return {name: output.clone() for name, output in outputs.items()}

    return replay
