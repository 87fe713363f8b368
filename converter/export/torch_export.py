"""A net as a torch.export program, with batch, height and width left open: `.pt2` files and the way to ONNX."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from converter.errors import OutputError
from converter.export.files import write_file
from converter.export.quiet import quiet
from converter.export.shapes import free_axes, untraceable_layer
from converter.net.net import Shape
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.facts import LayerFacts


def write_pt2(net: CaffeModule, path: str | os.PathLike[str]) -> None:
    """Write a net as a program that `torch.export.load(path).module()` gives back without this package.

    Raises:
        OutputError: a layer's work depends on numbers (it is named), or the file cannot be written.
    """
    program = export_program(net, target=".pt2")
    with write_file(path) as target, quiet():
        torch.export.save(program, target)


def export_program(net: CaffeModule, *, target: str) -> ExportedProgram:
    """The program of a net in eval mode: inputs under their Python names, outputs a dict by Caffe's.

    Axes that a layer fixes (height and width before an InnerProduct) have the stated size, all others are open.

    Args:
        net: the net.
        target: what it is for, which an error names.

    Raises:
        OutputError: a layer's work depends on numbers; it is named, with the blobs to cut at.
    """
    if (layer := untraceable_layer(net)) is not None:
        raise _refusal(layer, target)
    training, free = net.training, free_axes(net)
    net.eval()
    try:
        with quiet(), torch.no_grad():
            return _export(net, free)
    except OutputError:
        raise
    except Exception as error:  # tracing runs the modules: torch's own kinds, and whatever a module raises
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise OutputError(
            f"cannot be written as {target}: torch.export says: {text:.200}; cut the net before the layer it means "
            "with --until BLOB, or write .py or .safetensors"
        ) from error
    finally:
        net.train(training)


def _export(net: CaffeModule, free: dict[str, tuple[int, ...]]) -> ExportedProgram:
    """Export with what is free; axes that torch finds fixed all the same get their stated sizes back."""
    for _ in range(3):
        program = torch.export.export(net, _example(net, free), dynamic_shapes=_dynamic(free), strict=False)
        open_axes = _open_axes(program, net)
        if all(set(free[name]) <= set(open_axes[name]) for name in free):
            return program
        free = open_axes
    return torch.export.export(net, _example(net, dict.fromkeys(free, ())), strict=False)


def _example(net: CaffeModule, free: dict[str, tuple[int, ...]]) -> tuple[torch.Tensor, ...]:
    """Inputs of the stated sizes; a free batch of 1 becomes 2, since torch takes 1 for a size that stays."""
    dtype = next((value.dtype for value in net.parameters() if value.is_floating_point()), torch.float32)
    shapes = [_at_least_two(shape, free[name]) for name, shape in net.inputs.items()]
    return tuple(torch.zeros(shape, dtype=dtype) for shape in shapes)


def _at_least_two(shape: Shape, free: tuple[int, ...]) -> Shape:
    return tuple(2 if size == 1 and axis in free else size for axis, size in enumerate(shape))


def _dynamic(free: dict[str, tuple[int, ...]]) -> tuple[dict[int, Any], ...]:
    return tuple(dict.fromkeys(axes, Dim.AUTO) for axes in free.values())


def _open_axes(program: ExportedProgram, net: CaffeModule) -> dict[str, tuple[int, ...]]:
    """Axes of each input whose size the program leaves open."""
    names = {argument: name for name, argument in net.facts.arguments.items()}
    found: dict[str, tuple[int, ...]] = dict.fromkeys(net.inputs, ())
    inputs = [spec.arg.name for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    for argument, name in zip(inputs, names.values(), strict=True):
        shape = nodes[argument].meta["val"].shape
        found[name] = tuple(axis for axis, size in enumerate(shape) if not _is_fixed(size))
    return found


def _is_fixed(size: int | torch.SymInt) -> bool:
    """Whether it is one number; a symbol may stand for one alone."""
    return isinstance(size, int) or size.node.maybe_as_int() is not None


def _refusal(layer: LayerFacts, target: str) -> OutputError:
    """The error for a layer that no graph can hold."""
    bottoms = ",".join(layer.bottoms)
    return OutputError(
        f"layer {layer.name!r} ({layer.type}) cannot be written as {target}: how much it gives depends on the numbers; "
        f"cut the net before it with --until {bottoms}, or write .py, which holds every layer",
        layer=layer.name,
    )
