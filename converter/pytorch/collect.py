"""Every blob of a CaffeModule by running its graph node by node, and the search for the layer that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx

from converter.errors import ConversionError
from converter.pytorch.builder import BLOB

LAYER_ERRORS = (RuntimeError, ValueError, IndexError, ConversionError)
"""What torch and a layer's own module raise where the layer cannot take its bottoms."""


class BlobCollector(fx.Interpreter):
    """Runs a graph and keeps the value of every node that computes a Caffe blob.

    Attributes:
        blobs: values by blob name, in the order of first writing; a later writer (an in-place layer) replaces the
            value, as in Caffe.
    """

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.extra_traceback = False  # errors are explained by Caffe's layers, not by nodes
        self.blobs: dict[str, Tensor] = {}

    def run_node(self, n: fx.Node) -> Any:
        """The node's value, kept if it is a blob's."""
        value = super().run_node(n)
        name = n.meta.get(BLOB)
        if name is not None:
            self.blobs[name] = value
        return value


class FailureFinder(fx.Interpreter):
    """Runs a graph until a module fails; `target` names it, `shapes` are its arguments' shapes."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.target = ""
        self.shapes: tuple[tuple[int, ...], ...] = ()

    def run_until_failure(self, values: Sequence[Tensor]) -> bool:
        """Run until a module fails; whether one did. Running statistics are afterwards as they were."""
        kept = [(buffer, buffer.clone()) for buffer in self.module.buffers()]
        try:
            with torch.no_grad():
                self.run(*values)
        except LAYER_ERRORS:
            return True
        finally:
            for buffer, value in kept:
                buffer.data.copy_(value)
        return False

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The module's value; what is being called is noted first."""
        self.target = str(target)
        self.shapes = tuple(tuple(value.shape) for value in args if isinstance(value, Tensor))
        return super().call_module(target, args, kwargs)
