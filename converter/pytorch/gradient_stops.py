"""Where gradients stop in a net's graph: `detach` before a bottom whose `propagate_down` is false."""

from __future__ import annotations

from torch import fx

from converter.net.net import Layer, Net


def stopped_bottoms(layer: Layer, net: Net) -> tuple[bool, ...]:
    """Which bottoms of a layer get no gradient from it (src/caffe/net.cpp, AppendBottom and Init).

    `force_backward` overrides `propagate_down`, as in Caffe. What Caffe leaves out because nothing needs it (gradients
    of inputs, of branches without a loss) is torch's to find.
    """
    if not layer.propagate_down or net.force_backward:
        return (False,) * len(layer.bottoms)
    return tuple(not wanted for wanted in layer.propagate_down)


def is_stop(node: fx.Node) -> bool:
    """Whether a node is such a `detach`."""
    return node.op == "call_method" and node.target == "detach"


def without_stops(net: fx.GraphModule) -> fx.GraphModule:
    """The net with every reader taking the blob itself, for inference; the net where nothing stops gradients."""
    if not any(map(is_stop, net.graph.nodes)):
        return net
    graph = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    for node in net.graph.nodes:
        stops = is_stop(node)
        values[node] = values[node.all_input_nodes[0]] if stops else graph.node_copy(node, values.__getitem__)
    return fx.GraphModule(net, graph)
