"""A net as an ONNX model: Caffe's blob names as value names, batch, height and width left open."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from converter.errors import OutputError
from converter.export.detections import TRANSLATIONS, use_onnx_suppression
from converter.export.extras import extra
from converter.export.files import write_file
from converter.export.quiet import quiet
from converter.export.torch_export import export_program
from converter.pytorch.builder import BLOB
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.features import features

OPSET = 18
LARGEST = 1_900_000_000
"""Bytes of numbers up to which a model is one file: protobuf ends at 2 GiB."""

_AXES = {0: "batch", 2: "height", 3: "width"}


def write_onnx(net: CaffeModule, path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None) -> None:
    """Write a net as an ONNX model; numbers beyond 2 GB go into `<path>.data`, to which it refers.

    Inputs and outputs bear Caffe's names, and so does every value that is a blob. The model has been through
    `onnx.checker`.

    Args:
        net: the net.
        path: the `.onnx` file.
        metadata: texts to put beside the graph.

    Raises:
        OutputError: a layer's work depends on numbers, ONNX has no operator for it, or the file cannot be written.
        ConversionError: the optional packages are missing; says which extra brings them.
    """
    extra("onnx", "onnxscript", brings="onnx", what=".onnx files")
    model = _model(net)
    _name_axes(model, list(net.inputs))
    for key, value in (metadata or {}).items():
        model.metadata_props[key] = value
    size = sum(value.nbytes for value in net.state_dict().values())
    with write_file(path) as target, quiet():
        _save(model, target, external=size > LARGEST)


def _model(net: CaffeModule) -> Any:
    """The model. Every blob is an output while it is made, which gives the value its name; afterwards the net's are."""
    blobs = list(dict.fromkeys(node.meta[BLOB] for node in net.graph.nodes if BLOB in node.meta))
    inner = [name for name in blobs if name not in net.outputs and name not in net.inputs]
    whole = features(net, [*net.outputs, *inner])
    use_onnx_suppression(whole)
    program = export_program(whole, target=".onnx")
    names = [*net.outputs, *inner]
    try:
        with quiet():
            made = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                custom_translation_table=TRANSLATIONS,
                input_names=list(net.inputs),
                output_names=names,
                verbose=False,
            )
    except Exception as error:  # the exporter's passes raise whatever they meet; the chain's first error is shown
        raise OutputError(
            f"cannot be written as .onnx: torch's exporter says: {_cause(error):.200}; write .pt2 or .py, or cut the "
            "net before the layer that it means with --until BLOB"
        ) from error
    assert made is not None
    model = made.model
    del model.graph.outputs[len(net.outputs) :]
    model.graph.name = net.facts.name or "net"
    model.producer_name = "dilatednet"
    return model


def _cause(error: BaseException) -> str:
    """The first error of a chain, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__


def _name_axes(model: Any, inputs: list[str]) -> None:
    """Open axes of the inputs called batch, height and width (of a second input: NAME_batch), wherever they appear."""
    import onnx_ir

    renamed: dict[str, str] = {}
    for number, (name, value) in enumerate(zip(inputs, model.graph.inputs, strict=True)):
        for axis, size in enumerate(value.shape):
            if not isinstance(size, int):
                word = _AXES.get(axis, f"axis{axis}")
                renamed.setdefault(str(size), word if not number else f"{_identifier(name)}_{word}")
    for value in _values(model):
        if value.shape is not None and not all(isinstance(size, int) for size in value.shape):
            value.shape = onnx_ir.Shape([_rename_sizes(size, renamed) for size in value.shape])


def _rename_sizes(size: Any, names: Mapping[str, str]) -> int | str:
    """A size, or the expression of an open one, with torch's symbols replaced."""
    return (
        size if isinstance(size, int) else re.sub(r"\bs\d+\b", lambda found: names.get(found[0], found[0]), str(size))
    )


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _values(model: Any) -> list[Any]:
    """Every value of the graph."""
    return [*model.graph.inputs, *(output for node in model.graph for output in node.outputs)]


def _save(model: Any, path: Path, *, external: bool) -> None:
    """Write the model and check what was written.

    Raises:
        OutputError: ONNX's checker does not take it.
    """
    import onnx
    import onnx_ir

    if external:
        onnx_ir.save(model, path, external_data=f"{path.name}.data")
    else:
        onnx_ir.save(model, path)
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except onnx.checker.ValidationError as error:
        text = str(error).splitlines()[0]
        raise OutputError(f"onnx.checker refuses the model: {text:.200}; write .pt2 or .py instead") from error
