"""Shapes of every value of a net's graph, sizes that may vary, layers that cannot be traced; nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from converter.export.quiet import quiet
from converter.net.net import Shape
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.facts import LayerFacts

BATCH, PLANE = (0,), (2, 3)


class ShapeRun(fx.Interpreter):
    """Runs a net on tensors without numbers.

    Attributes:
        shapes: by node, of what was reached. A node of several values has none; those that take its parts have.
        failed: the node that could not be run: its sizes do not fit, or depend on numbers.
    """

    def __init__(self, net: CaffeModule, inputs: Mapping[str, Shape]) -> None:
        super().__init__(net)
        self.extra_traceback = False
        self.shapes: dict[fx.Node, Shape] = {}
        self.failed: fx.Node | None = None
        dtype = next((value.dtype for value in net.parameters() if value.is_floating_point()), torch.float32)
        with FakeTensorMode(allow_non_fake_inputs=True, shape_env=ShapeEnv()), quiet(), torch.no_grad():
            try:
                self.run(*(torch.empty(shape, dtype=dtype) for shape in inputs.values()))
            except Exception:  # noqa: BLE001 - torch raises many kinds; `failed` says where
                pass
            else:
                self.failed = None

    def run_node(self, n: fx.Node) -> Any:
        """The node's value."""
        self.failed = n
        value = super().run_node(n)
        if isinstance(value, Tensor) and all(isinstance(size, int) for size in value.shape):
            self.shapes[n] = tuple(value.shape)
        return value


def value_shapes(net: CaffeModule) -> dict[fx.Node, Shape]:
    """Shapes by node at the stated input sizes, up to the first layer whose tops' sizes depend on numbers."""
    return ShapeRun(net, net.inputs).shapes


def free_axes(net: CaffeModule) -> dict[str, tuple[int, ...]]:
    """Axes of each input that may have another size: the batch, and height and width where no layer fixes them."""
    free: dict[str, tuple[int, ...]] = dict.fromkeys(net.inputs, ())
    for axes, factor in ((BATCH, 2), (PLANE, 2)):
        sizes = {name: _scale_shape(shape, axes, factor) for name, shape in net.inputs.items()}
        if ShapeRun(net, sizes).failed is None:
            for name, shape in net.inputs.items():
                free[name] += tuple(axis for axis in axes if _is_dynamic_axis(shape, axis))
    return free


def untraceable_layer(net: CaffeModule) -> LayerFacts | None:
    """The first layer whose tops' sizes depend on numbers, if there is one."""
    node = ShapeRun(net, net.inputs).failed
    return next((one for one in net.facts.layers if node is not None and one.target == node.target), None)


def _scale_shape(shape: Shape, axes: tuple[int, ...], factor: int) -> Shape:
    return tuple(
        size * factor if axis in axes and _is_dynamic_axis(shape, axis) else size for axis, size in enumerate(shape)
    )


def _is_dynamic_axis(shape: Shape, axis: int) -> bool:
    """The batch of any input, height and width of images."""
    return axis < len(shape) and (axis == 0 or len(shape) == 4)
