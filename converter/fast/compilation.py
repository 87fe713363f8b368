"""Compiles a net for shapes that come again on the CPU, by oneDNN's own library where it is there, else by torch's."""

from __future__ import annotations

from torch import Tensor, fx

from converter.fast import onednn_library
from converter.fast.convolution.filter import Place
from converter.fast.onednn_graph import GraphProgram
from converter.fast.onednn_library import KernelProgram
from converter.fast.program import Program
from converter.fast.replay import Function, Values
from converter.fast.static_graph import parameter_bytes, refusal, static_graph

SEVERAL = 256 << 20
"""Bytes of parameters up to which every shape has a program of its own; a larger net has one for its first shape."""

_APART = 2e-5
"""Largest difference from the net's own outputs, relative to their largest number, that is accepted."""


class NetCompiler:
    """Compiles a net's graph for the shapes of given inputs; `refusal` says why it never does, "" where it may."""

    def __init__(self, source: fx.GraphModule, place: Place) -> None:
        self._source, self._place = source, place
        self.refusal = refusal(source, place)
        self._made = False

    def __call__(self, function: Function, inputs: Values) -> Function:
        """The function for inputs of these shapes, compiled.

        Raises:
            RuntimeError: it would take too much memory, or its outputs would not be the function's.
        """
        if self._made and parameter_bytes(self._source) > SEVERAL:
            raise RuntimeError(f"a net of more than {SEVERAL >> 20} MB is compiled for one shape alone")
        wanted = function(inputs)
        program = self._program(list(wanted), [value.contiguous() for value in inputs.values()])
        for name, value in program(inputs).items():
            if not bool((value - wanted[name]).abs().max() <= _APART * wanted[name].abs().max()):
                raise RuntimeError(f"{name} would differ from the net's own by more than {_APART:g} of its scale")
        self._made = True
        return program

    def _program(self, names: list[str], inputs: list[Tensor]) -> Program:
        graph = static_graph(self._source, self._place)
        if not onednn_library.missing():
            try:
                return KernelProgram(graph, names, inputs)
            except RuntimeError:  # a step that its kernels do not take; torch's compiler may
                pass
        return GraphProgram(graph, names, inputs)
