"""What comes behind a layer with weights and is done by its kernel: a sum, an activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

from torch import fx, nn

from converter.fast.onednn_library.kernels import (
    CLIP,
    EXPONENTIAL,
    HYPERBOLIC_TANGENT,
    LOGISTIC,
    RECTIFY,
    SWISH,
    Activation,
    Behind,
)  # fmt: skip
from converter.fast.sums import is_plain_sum, only_reader
from converter.modules.combine import Product


@dataclass(frozen=True, slots=True)
class Fusion:
    """The nodes that one kernel computes, first to last; `other`: the blob that it adds to and takes the place of."""

    nodes: tuple[fx.Node, ...]
    behind: Behind
    other: fx.Node | None = None

    @property
    def last(self) -> fx.Node:
        """The node whose value the kernel stores."""
        return self.nodes[-1]


def find_fusion(source: fx.GraphModule, node: fx.Node, is_free: Callable[[fx.Node], bool]) -> Fusion:
    """What a layer's kernel may do along; is_free: whether a blob is there and nothing but a sum still reads it."""
    nodes, other = [node], None
    reader = only_reader(node)
    if reader is not None and is_plain_sum(source, reader):
        others = [value for value in reader.all_input_nodes if value is not node]
        if len(others) == 1 and is_free(others[0]):
            nodes, other = [*nodes, reader], others[0]
    swish = _swish_behind(source, nodes[-1])
    if swish:
        return Fusion((*nodes, *swish), Behind(other is not None, Activation(SWISH, 1.0)), other)
    reader = only_reader(nodes[-1])
    activation = None if reader is None else activation_of(source.get_submodule(str(reader.target)))
    if reader is not None and activation is not None:
        nodes.append(reader)
    return Fusion(tuple(nodes), Behind(other is not None, activation), other)


def activation_of(module: nn.Module) -> Activation | None:
    """A module as an activation of oneDNN's; None where it is none."""
    match module:
        case nn.ReLU() | nn.Sigmoid() | nn.Tanh():
            return Activation({nn.ReLU: RECTIFY, nn.Sigmoid: LOGISTIC, nn.Tanh: HYPERBOLIC_TANGENT}[type(module)])
        case nn.LeakyReLU():
            return Activation(RECTIFY, module.negative_slope)
        case nn.ELU():
            return Activation(EXPONENTIAL, module.alpha)
        case nn.ReLU6():
            return Activation(CLIP, 0.0, 6.0)
        case nn.PReLU():
            return Activation(slopes=module.weight.detach())
    return None


def _swish_behind(source: fx.GraphModule, node: fx.Node) -> list[fx.Node]:
    """The sigmoid of a node and the product of both, where nothing else reads either: x / (1 + e^-x)."""
    for sigmoid, product in permutations(node.users, 2) if len(node.users) == 2 else ():
        kinds = [type(source.get_submodule(str(one.target))) for one in (sigmoid, product) if one.op == "call_module"]
        if kinds == [nn.Sigmoid, Product] and list(sigmoid.users) == [product] and len(product.args) == 2:
            return [sigmoid, product]
    return []
