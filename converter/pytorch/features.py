"""The part of a net that gives chosen blobs, with nothing computed after them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from torch import fx

from converter.errors import GraphError
from converter.pytorch.builder import BLOB
from converter.pytorch.caffe_module import CaffeModule


def features(net: CaffeModule, blobs: Sequence[str]) -> CaffeModule:
    """A net that shares the other's modules and gives these blobs (last writers' values) in their order.

    Raises:
        GraphError: the net has no such blob.
    """
    graph = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    found: dict[str, fx.Node] = {}
    for node in net.graph.nodes:
        if node.op == "output":
            break
        values[node] = graph.node_copy(node, values.__getitem__)
        if BLOB in node.meta:
            found[node.meta[BLOB]] = values[node]
    for name in blobs:
        if name not in found:
            close = difflib.get_close_matches(name, found, n=3) or list(found)[:8]
            raise GraphError(f"the net has no blob {name!r}; did you mean {' or '.join(map(repr, close))}?")
    graph.output({name: found[name] for name in blobs})
    _prune(graph)
    facts = replace(net.facts, outputs=tuple(blobs), loss_weights={})
    return CaffeModule(net, graph, facts).train(net.training)


def _prune(graph: fx.Graph) -> None:
    """Remove nodes without readers, except inputs."""
    for node in reversed(list(graph.nodes)):
        if node.op not in ("placeholder", "output") and not node.users:
            graph.erase_node(node)
