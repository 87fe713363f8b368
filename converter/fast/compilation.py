"""Compiles a net for shapes that come again on the CPU, by oneDNN's own library where it is there, else by torch's."""

from __future__ import annotations

from torch import fx

from converter.fast import onednn_library
from converter.fast.convolution.filter import Place
from converter.fast.onednn_graph import GraphProgram
from converter.fast.onednn_library import KernelProgram
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
        graph = static_graph(self._source, self._place)
        given = [value.contiguous() for value in inputs.values()]
        kinds: list[type[KernelProgram | GraphProgram]] = [GraphProgram]
        if not onednn_library.missing():
            kinds.insert(0, KernelProgram)
        refused: list[RuntimeError] = []
        for kind in kinds:
            try:
                program = kind(graph, list(wanted), given)
                _compare(program(inputs), wanted)
            except RuntimeError as error:  # a step without a kernel, or another sum's rounding: the next may do
                refused.append(error)
                continue
            self._made = True
            return program
        raise refused[-1]


def _compare(found: Values, wanted: Values) -> None:
    """Nothing, where a program's outputs are the net's own.

    Raises:
        RuntimeError: one differs by more than rounding.
    """
    for name, value in found.items():
        if not bool((value - wanted[name]).abs().max() <= _APART * wanted[name].abs().max()):
            raise RuntimeError(f"{name} would differ from the net's own by more than {_APART:g} of its scale")
