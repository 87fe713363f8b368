"""SSD's and Faster R-CNN's ends for ONNX, whose NonMaxSuppression does their walk where it is the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx

from converter.errors import OutputError
from converter.modules import boxes as plain
from converter.modules.detection import DetectionOutput, Proposal
from converter.pytorch.caffe_module import CaffeModule

_BOOL = 9
"""ONNX's number of the type."""
_LEAST = -float(torch.finfo(torch.float32).max)
"""Every score but -inf, which marks what is no box, is above it."""


def use_onnx_suppression(net: CaffeModule) -> None:
    """Let the layers that suppress boxes do it by an operation that becomes ONNX's own, in place.

    Raises:
        OutputError: a layer's settings are none that the operator has; says which, and where to cut.
    """
    for node in list(net.graph.nodes):
        module = net.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, DetectionOutput | Proposal):
            _check(net, node, module)
            changed = copy.copy(module)
            changed.suppress = _suppress
            net._modules[str(node.target)] = changed


def _check(net: CaffeModule, node: fx.Node, module: DetectionOutput | Proposal) -> None:
    """Refuse a threshold that falls as boxes are kept, and one that no overlap can have."""
    eta = getattr(module, "eta", 1.0)
    if eta != 1:
        reason = f"its eta is {eta:g}, and the threshold of ONNX's NonMaxSuppression does not fall"
    elif not 0 <= module.nms_threshold <= 1:
        reason = f"its threshold is {module.nms_threshold:g}, and that of ONNX's NonMaxSuppression is in 0 to 1"
    else:
        return
    layer = next(layer for layer in net.facts.layers if layer.target == node.target)
    raise OutputError(
        f"layer {layer.name!r} ({layer.type}) cannot be written as .onnx: {reason}; "
        f"cut the net before it with --until {','.join(layer.bottoms)}, or write .py, which holds every layer",
        layer=layer.name,
    )


@torch.library.custom_op("dilatednet::suppress", mutates_args=())
def _operation(boxes: Tensor, scores: Tensor, threshold: float, most: int) -> Tensor:
    """`boxes.suppress` as one step of a program."""
    return plain.suppress(boxes, scores, threshold, most=most)


@_operation.register_fake
def _(boxes: Tensor, scores: Tensor, threshold: float, most: int) -> Tensor:  # noqa: ARG001
    return torch.empty_like(scores, dtype=torch.bool)


def _suppress(
    boxes: Tensor,
    scores: Tensor,
    threshold: float,
    *,
    eta: float = 1.0,  # noqa: ARG001 - a layer of another is refused
    border: float = 0.0,
    most: int = -1,
) -> Tensor:
    """`boxes.suppress`; a pixel of border belongs to the box, and a box turned inside out becomes one of no size.

    ONNX takes two corners in any order: turned inside out for Caffe, a box would have an area.
    """
    near, far = boxes[..., :2], boxes[..., 2:] + border
    kept: Tensor = _operation(torch.cat([near, torch.maximum(near, far)], -1), scores, threshold, most)
    return kept


def _operators() -> Any:
    """ONNX's operators; their types say less than the exporter's values need."""
    from onnxscript import opset18

    return opset18


def _translate_suppress(boxes: Any, scores: Any, threshold: float, most: int) -> Any:
    """NonMaxSuppression of one class; the places that it names, set in a mask."""
    op = _operators()
    limit = op.Shape(scores, start=1, end=2) if most < 0 else op.Constant(value_ints=[most])
    overlap, least = op.Constant(value_floats=[threshold]), op.Constant(value_floats=[_LEAST])
    found = op.NonMaxSuppression(boxes, op.Unsqueeze(scores, op.Constant(value_ints=[1])), limit, overlap, least)
    places = op.Gather(found, op.Constant(value_ints=[0, 2]), axis=1)
    ones = op.Expand(op.Constant(value_float=1.0), op.Shape(found, start=0, end=1))
    none = op.Expand(op.Constant(value_float=0.0), op.Shape(scores))
    return op.Cast(op.ScatterND(none, places, ones), to=_BOOL)


def _translate_sort(self: Any, stable: bool = True, dim: int = -1, descending: bool = False) -> Any:  # noqa: ARG001
    """TopK of all: of equals ONNX puts the one with the lower index first."""
    op = _operators()
    axis = dim % len(self.shape)
    return op.TopK(self, op.Shape(self, start=axis, end=axis + 1), axis=axis, largest=descending, sorted=True)


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.dilatednet.suppress.default: _translate_suppress,
    torch.ops.aten.sort.stable: _translate_sort,
}
"""What torch's exporter does not know, in ONNX's operators."""
