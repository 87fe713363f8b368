"""The model card of a folder: what the net is, where it came from, how it is used, how far it is from Caffe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converter.net.preprocessing import describe
from converter.pytorch.caffe_module import CaffeModule

_USE = """```python
import converter

net = converter.from_pretrained("this folder, or its name on a hub")
{call}
```
"""


def model_card(net: CaffeModule, config: Mapping[str, Any], parity: Mapping[str, float], license_name: str) -> str:
    """README.md: front matter as hubs read it, then provenance, checksum, use and parity."""
    name = _line(net.facts.name) or "A net of Caffe"
    front = [
        "---",
        f"license: {_line(license_name)}",
        "library_name: dilatednet",
        "tags:",
        "- caffe",
        "- pytorch",
        "---",
    ]
    parts = [front, ["", f"# {name}", "", *_summary(net)], ["", "## Use", "", _usage(net)]]
    parts += [["## Provenance", "", *_provenance(config)], ["", "## Parity", "", *_parity(parity)]]
    return "\n".join(line for part in parts for line in part) + "\n"


def _summary(net: CaffeModule) -> list[str]:
    """Layers, parameters, inputs, outputs, images."""
    parameters = sum(value.numel() for value in net.parameters())
    weighted = sum(bool(layer.blobs) for layer in net.facts.layers)
    inputs = ", ".join(f"`{_line(name)}` {tuple(shape)}" for name, shape in net.inputs.items())
    lines = [
        f"A Caffe net as a PyTorch module: {len(net.facts.layers)} layers, {weighted} with weights, "
        f"{parameters:,} parameters.",
        "",
        f"- inputs: {inputs}",
        f"- outputs: {', '.join(f'`{_line(name)}`' for name in net.outputs)}",
    ]
    if net.facts.preprocessing is not None:
        lines.append(f"- images: {describe(net.facts.preprocessing)}")
    return lines


def _usage(net: CaffeModule) -> str:
    """Lines of Python."""
    if net.facts.preprocessing is not None:
        return _USE.format(
            call="outputs = net(net.transform(image))    # image: uint8 (h, w, 3), R, G, B, or a PIL image"
        )
    return _USE.format(call=f"outputs = net(x)    # by name: {', '.join(map(_line, net.outputs))}")


def _provenance(config: Mapping[str, Any]) -> list[str]:
    """A table of files and digests."""
    source = config["source"]
    rows = [(key, source[key]) for key in ("prototxt", "weights", "sha256") if source.get(key)]
    rows += [("model.safetensors, sha256", config["weights_sha256"])]
    rows += [("written by", f"{config['library_name']} {config['library_version']}")]
    return ["| | |", "|---|---|", *(f"| {key} | `{_line(str(value))}` |" for key, value in rows)]


def _parity(figures: Mapping[str, float]) -> list[str]:
    """Figures, or how to get them."""
    if not figures:
        return [
            "Not measured yet: `dilatednet verify net.prototxt model.safetensors` compares every blob with an oracle."
        ]
    head = ["Worst relative error against an independent float64 implementation of Caffe's layers:", ""]
    rows = [f"| `{_line(name)}` | {value:.1e} |" for name, value in figures.items()]
    return [*head, "| output | error |", "|---|---|", *rows]


def _line(text: str) -> str:
    """Text of a file within one line of Markdown."""
    return "".join(letter if letter.isprintable() and letter not in "`|<>" else "_" for letter in text)
