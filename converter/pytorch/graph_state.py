"""An fx graph as plain values and back, so that pickles keep it node by node, with the blobs' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import fx
from torch.fx.node import map_aggregate

from converter.pytorch.builder import BLOB


@dataclass(frozen=True, slots=True)
class NodeReference:
    """Stands for another node, by its position, in the arguments of a node."""

    position: int


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node: what fx.Graph.create_node takes, and the blob it computes, if any."""

    op: str
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    blob: str | None


def graph_state(graph: fx.Graph) -> tuple[NodeState, ...]:
    """The nodes of a graph in order."""
    positions = {node: number for number, node in enumerate(graph.nodes)}

    def plain(value: Any) -> Any:
        return NodeReference(positions[value]) if isinstance(value, fx.Node) else value

    return tuple(
        NodeState(
            node.op,
            node.target,
            map_aggregate(node.args, plain),
            map_aggregate(node.kwargs, plain),
            node.name,
            node.meta.get(BLOB),
        )
        for node in graph.nodes
    )


def graph_of(states: tuple[NodeState, ...]) -> fx.Graph:
    """The graph that `graph_state` was given."""
    graph = fx.Graph()
    nodes: list[fx.Node] = []

    def resolve(value: Any) -> Any:
        return nodes[value.position] if isinstance(value, NodeReference) else value

    for state in states:
        args, kwargs = map_aggregate(state.args, resolve), map_aggregate(state.kwargs, resolve)
        node = graph.create_node(state.op, state.target, args, kwargs, state.name)
        if state.blob is not None:
            node.meta[BLOB] = state.blob
        nodes.append(node)
    return graph
