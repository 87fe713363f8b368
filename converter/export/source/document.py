"""The whole file: what it is, its imports, Caffe's modules, the class Net, load()."""

from __future__ import annotations

import os
from collections.abc import Mapping

from torch import nn

from converter import __version__
from converter.errors import OutputError, printable
from converter.export.provenance import Provenance
from converter.export.shapes import value_shapes
from converter.export.source.constructor import constructor, is_ours, literal
from converter.export.source.definitions import definitions_of
from converter.export.source.dilated import dilated_class
from converter.export.source.layout import lay_out_statement, paragraph, signature
from converter.export.source.statements import Statements, attribute
from converter.files.atomic import atomic_write
from converter.net.preprocessing import describe
from converter.pytorch.caffe_module import CaffeModule

_WIDTH = (
    "# Laid out by ruff's rules, 120 columns wide as the modules copied in are; formatters of another width leave it.",
    "# fmt: off",
)


def write_source(
    net: CaffeModule, path: str | os.PathLike[str], weights_name: str, provenance: Provenance | None = None
) -> None:
    """Write a net as a Python file, whole or not at all.

    Args:
        net: the net.
        path: the `.py` file.
        weights_name: name of the `.safetensors` file in the same folder that its `load()` reads.
        provenance: where the net came from.

    Raises:
        OutputError: a layer cannot be written as source (it is named), or the file cannot be written.
    """
    write_text(source_of(net, weights_name, provenance or Provenance()), path)


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as file:
        file.write(text.encode())


def source_of(net: CaffeModule, weights_name: str, provenance: Provenance) -> str:
    """The text of the file.

    Raises:
        OutputError: a layer cannot be written as source.
    """
    statements = Statements(net.graph, value_shapes(net))
    ours = {type(module) for module in net.children() if is_ours(type(module))}
    definitions, imports = definitions_of(ours)
    net_class = dilated_class(net, _title(net)) or _class(net, _constructors(net), statements)
    body = [*net_class, "", "", *_load(net)]
    parts = [
        [f'"""{_title(net)}', "", *_description(net, statements, weights_name, provenance), '"""', ""],
        [*_WIDTH, "", "from __future__ import annotations", "", *_imports(imports, [*definitions, *body]), ""],
        [f"WEIGHTS = Path(__file__).with_name({literal(weights_name)})", ""],
        *[["", *text.splitlines(), ""] for text in definitions],
        ["", *body],
    ]
    return "\n".join(line.rstrip() for part in parts for line in part) + "\n"


def _constructors(net: CaffeModule) -> dict[str, str]:
    """The expression of every module.

    Raises:
        OutputError: one has none; names the layer.
    """
    layers = {layer.target: layer for layer in net.facts.layers}
    found = {}
    for name, module in net.named_children():
        try:
            kind, arguments = constructor(module)
        except (OutputError, AttributeError) as error:
            layer = layers.get(name)
            known = f"layer {layer.name!r} ({layer.type})" if layer else f"module {name!r}"
            text = f"{known} cannot be written as .py: {error}; write .pt2 or .onnx, which hold what it computes"
            raise OutputError(text, layer=layer.name if layer else name) from None
        found[name] = f"{kind}({', '.join(arguments)})"
    return found


def _title(net: CaffeModule) -> str:
    return _escape_docstring(f"{printable(net.facts.name) or 'A net'} in PyTorch, with Caffe's layer names.")


def _escape_docstring(text: str) -> str:
    """Text for a docstring: names of files and blobs cannot end it, nor be read as escapes."""
    return text.replace("\\", "\\\\").replace('"', "'")


def _description(net: CaffeModule, statements: Statements, weights_name: str, origin: Provenance) -> list[str]:
    """How it is used, and where it came from."""
    one = len(statements.outputs) == 1
    output = next(iter(statements.outputs.values())) if one else "outputs"
    names = ", ".join(statements.arguments)
    shapes = "; ".join(
        f"{argument} {tuple(shape)}" for argument, shape in zip(statements.arguments, net.inputs.values(), strict=True)
    )
    files = [text for text in (origin.prototxt, origin.weights) if text]
    made = f"Written by dilatednet {__version__}" + (f" from {' and '.join(files)}" if files else "")
    digest = f" (sha256 {origin.sha256})" if origin.sha256 else ""
    return [
        _escape_docstring(f"    net = load()  # the weights of {printable(weights_name)}, which lies beside this file"),
        f"    {output} = net({names})",
        "",
        *paragraph(f"Input, float32, as Caffe's net takes it: {shapes}."),
        *(paragraph(f"Images: {describe(known)}.") if (known := net.facts.preprocessing) else []),
        *paragraph("Comments give shapes at these sizes. " + _outputs_text(statements.outputs)),
        *paragraph(_escape_docstring(printable(f"{made}{digest}."))),
    ]


def _outputs_text(outputs: Mapping[str, str]) -> str:
    if len(outputs) == 1:
        return _escape_docstring(f"`forward` returns the blob {next(iter(outputs))!r}.")
    return _escape_docstring(f"`forward` returns the blobs {', '.join(map(repr, outputs))} by name.")


def _imports(of_modules: set[str], texts: list[str]) -> list[str]:
    """Import statements, the standard library's first, each group in isort's order."""
    code = "\n".join(texts)
    wanted = {"from pathlib import Path", "from safetensors.torch import load_file", "from torch import Tensor, nn"}
    plain = {text for text in of_modules if text not in {"from torch import Tensor", "from torch import nn"}}
    if "torch." in code.replace("safetensors.torch", ""):
        plain.add("import torch")
    lines = _merge_imports(wanted | plain)
    outside = [line for line in lines if line.split()[1].split(".")[0] in {"torch", "safetensors"}]
    inside = [line for line in lines if line not in outside]
    return [*inside, "", *outside]


def _merge_imports(statements: set[str]) -> list[str]:
    """Names of one module on one line; plain imports first."""
    names: dict[str, set[str]] = {}
    lines = []
    for text in statements:
        words = text.split()
        if words[0] == "import" or " as " in text:
            lines.append(f"{text}  # noqa: N812" if " as F" in text else text)
        else:
            names.setdefault(words[1], set()).update(part.strip() for part in text.partition(" import ")[2].split(","))
    lines += [f"from {module} import {', '.join(sorted(found, key=_isort))}" for module, found in names.items()]
    return sorted(lines, key=lambda line: (line.startswith("from"), line.split()[1], line))


def _isort(name: str) -> tuple[int, str]:
    """CONSTANTS, Classes, functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


def _class(net: CaffeModule, constructors: Mapping[str, str], statements: Statements) -> list[str]:
    """The class, layer by layer."""
    lines = ["class Net(nn.Module):", f'    """{_title(net)}"""', "", "    def __init__(self) -> None:"]
    lines.append("        super().__init__()")
    for name, expression in constructors.items():
        target = attribute(name)
        plain = target.startswith("self.")
        lines += lay_out_statement(
            f"{target} = {expression}" if plain else f"self.add_module({literal(name)}, {expression})", 8
        )
    lines += [f"        {one} = {other}  # one blob, as param {{ name }} says" for one, other in _shared_lines(net)]
    result = "Tensor" if len(statements.outputs) == 1 else "dict[str, Tensor]"
    arguments = ["self", *(f"{name}: Tensor" for name in statements.arguments)]
    lines += ["", *signature("forward", arguments, result, 4)]
    lines += [*statements.lines, *lay_out_statement(f"return {_return_lines(statements.outputs)}", 8)]
    return lines


def _return_lines(outputs: Mapping[str, str]) -> str:
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in outputs.items()) + "}"


def _shared_lines(net: CaffeModule) -> list[tuple[str, str]]:
    """Parameters that are one object, each with the first that is."""
    owners: dict[int, str] = {}
    found = []
    for name, value in net.named_parameters(remove_duplicate=False):
        layer, _, blob = name.partition(".")
        path = f"{attribute(layer)}.{blob}"
        if id(value) in owners:
            found.append((path, owners[id(value)]))
        owners.setdefault(id(value), path)
    return found


def _load(net: CaffeModule) -> list[str]:
    """The function load()."""
    scalars = any(isinstance(module, nn.PReLU) and module.weight.ndim == 0 for module in net.children())
    lines = ["def load(weights: str | Path = WEIGHTS) -> Net:", '    """The net with its weights, for inference."""']
    lines += ["    net = Net()", "    state = load_file(weights)"]
    if scalars:  # Caffe's one slope for all channels has no axis, torch's has one
        lines += [
            "    shapes = {name: value.shape for name, value in net.state_dict().items()}",
            "    state = {name: value.reshape(shapes.get(name, value.shape)) for name, value in state.items()}",
        ]
    return [*lines, "    net.load_state_dict(state)", "    return net.eval()"]
