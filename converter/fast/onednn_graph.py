"""A net compiled by oneDNN Graph, as torch holds it: blobs in blocks, and kernels called without torch's dispatcher.

Torch reaches oneDNN Graph through TorchScript alone. A small net gains most: of a convolution of a few thousand
positions, torch's own way to oneDNN's kernel takes the larger part.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from converter.fast.layout import channels_last
from converter.fast.program import Program
from converter.fast.replay import Values

_RUNS = 2
"""Runs that TorchScript wants before it optimizes for the shapes that it saw."""


class GraphProgram(Program):
    """The outputs of a graph, its parts run by oneDNN Graph."""

    def __init__(self, graph: fx.GraphModule, names: Sequence[str], inputs: Sequence[Tensor]) -> None:
        """inputs: examples, float32.

        Raises:
            RuntimeError: TorchScript does not take the graph.
        """
        self._names = list(names)
        self._forward = _compiled(_Outputs(graph, self._names), tuple(value.contiguous() for value in inputs))

    def run(self, inputs: Sequence[Tensor]) -> Values:
        """The outputs by name, for inputs without theirs."""
        return dict(zip(self._names, self._forward(*[value.contiguous() for value in inputs]), strict=True))


class _Outputs(nn.Module):
    """A net that gives a tuple, in the order of the names, rather than a dict."""

    def __init__(self, graph: fx.GraphModule, names: list[str]) -> None:
        super().__init__()
        self.graph, self._names = graph, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs = self.graph(*(channels_last(value) for value in inputs))
        return tuple(outputs[name] for name in self._names) if isinstance(outputs, dict) else (outputs,)


def _compiled(net: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., tuple[Tensor, ...]]:
    """The net as a TorchScript program whose parts run in oneDNN Graph.

    Raises:
        RuntimeError: TorchScript does not take it.
    """
    with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad(), _fusion():
        warnings.simplefilter("ignore")  # that TorchScript is no longer developed, and branches on shapes
        given = tuple(value.clone() for value in inputs)
        program: Any = torch.jit.freeze(torch.jit.trace(net.eval(), given, check_trace=False))  # type: ignore[no-untyped-call]
        for _ in range(_RUNS):
            program(*given)
    return cast("Callable[..., tuple[Tensor, ...]]", program.forward)


@contextmanager
def _fusion() -> Iterator[None]:
    """TorchScript hands parts to oneDNN Graph, as it otherwise does not unless the program asked for it."""
    before = torch.jit.onednn_fusion_enabled()  # type: ignore[no-untyped-call]
    torch.jit.enable_onednn_fusion(True)
    try:
        yield
    finally:
        torch.jit.enable_onednn_fusion(before)
