"""docs/pytorch.md's tables, PyTorch's tools by converted nets; `python -m tests.pytorch.table` writes them."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import torch

import converter
from converter.pytorch.caffe_module import CaffeModule
from tests.goldens_reader import GoldenCase, fed, golden_cases
from tests.places import GOLDENS, ROOT
from tests.pytorch.matrix import DYNAMIC, TOOLS, Axes, Inputs
from tests.pytorch.real_nets import NETS, RealNet

PAGE = ROOT / "docs/pytorch.md"
BEGIN, END = "<!-- table -->", "<!-- end -->"

_COUNT = "the number of rows depends on the numbers"
_DRAWS = "chooses other boxes at every call, as NumPy's generator goes on"
_NEAR_BOXES = "which boxes stay is decided by the last digits"
REASONS = {
    **{
        (kind, tool): _COUNT
        for kind in ("AnchorTarget", "DetectionOutput", "ProposalLayer", "ProposalTarget")
        for tool in ("compile, fullgraph", "export, strict", "vmap")
    },
    **{("ProposalTarget", tool): _DRAWS for tool in ("jit.trace", "replicate", "functional_call", "autocast")},
    ("ProposalLayer", "half"): _NEAR_BOXES,
    ("Filter", "vmap"): "the number of items depends on the numbers",
    ("ROIPooling", "vmap"): "the size of a bin depends on the numbers",
    ("LRN", "half"): "torch has no half-precision kernel for it on the CPU",
}
"""Layer types' cells that say no, and why; a test fails where one of them would say yes, or another no."""

_ROWS = f"DetectionOutput: {_COUNT}; features(net, [...]) of its bottoms goes"
_NEAR = f"DetectionOutput: {_NEAR_BOXES}"
_LRN = "LRN: torch has no half-precision kernel for it on the CPU"
NET_REASONS = {
    ("MiniNet SSD", "compile, fullgraph"): _ROWS,
    ("MiniNet SSD", "compile, any size"): _ROWS,
    ("MiniNet SSD", "export, strict"): _ROWS,
    ("MiniNet SSD", "export, any size"): _ROWS,
    ("MiniNet SSD", "vmap"): _ROWS,
    ("MiniNet SSD", "half"): _NEAR,
    ("MiniNet SSD", "autocast"): _NEAR,
    ("AlexNet", "half"): _LRN,
    ("GoogLeNet", "half"): _LRN,
}
"""The same of the real nets."""


def layer_cases() -> dict[str, GoldenCase]:
    """The first golden of every layer type, forks' included."""
    found: dict[str, GoldenCase] = {}
    for folder in [GOLDENS / "layers", *sorted((GOLDENS / "forks").iterdir())]:
        own: dict[str, GoldenCase] = {}
        for case in golden_cases(folder):
            own.setdefault(case.prototxt.stem.rpartition("_")[0], case)
        found.update({name if name not in found else f"{name} ({folder.name})": case for name, case in own.items()})
    return found


def mini_nets() -> dict[str, Path]:
    """The five published topologies at 1/16 of their width."""
    return {path.stem.removesuffix("_mini"): path for path in sorted((GOLDENS / "nets/mini").glob("*.prototxt"))}


def loaded(prototxt: Path, weights: Path | None = None) -> CaffeModule:
    """A net in eval mode; without weights every filler, the constant ones replaced by small random numbers."""
    net = converter.load(prototxt, weights, seed=1).eval()
    if weights is None:
        randomize(net)
    return net


def randomize(net: CaffeModule) -> None:
    """Small random numbers in place of what the fillers gave; statistics as of inputs around 0."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in net.parameters():
            fan = max(1, value[0].numel()) if value.ndim > 1 else 100
            value.copy_(torch.randn(value.shape, generator=generator) * (2 / fan) ** 0.5)
        for name, value in net.named_buffers():
            if name.endswith(("running_var", "scale_factor")):
                value.fill_(1.0)


def case_inputs(net: CaffeModule, case: GoldenCase) -> Inputs:
    """A golden's inputs in the order of the module's arguments."""
    given = fed(case)
    return tuple(given[name] for name in net.inputs)


def image_inputs(net: CaffeModule) -> Inputs:
    """An input of the stated size, the same in every run."""
    generator = torch.Generator().manual_seed(5)
    return tuple(torch.randn(shape, generator=generator) for shape in net.inputs.values())


def real_net(real: RealNet) -> CaffeModule:
    """A net of the corpus in eval mode; random numbers where it comes without weights."""
    inputs = real.inputs or None
    net = converter.load(real.prototxt, real.weights_path, inputs=inputs, allow_unknown=True, seed=1).eval()
    if not real.weights:
        randomize(net)
    return converter.features(net, real.until) if real.until else net


def failure(tool: str, net: CaffeModule, inputs: Inputs, axes: Axes = (2, 3)) -> str:
    """Why a tool does not take a net; empty where it does. `axes` are those that "any size" varies."""
    run = (lambda *given: DYNAMIC[tool](*given, axes)) if tool in DYNAMIC else TOOLS[tool]
    logging.disable(logging.CRITICAL)  # torch tells of graphs that it gives up, at length
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(net, inputs)
    except Exception as error:  # noqa: BLE001 - whatever a tool raises is its answer
        return (str(error).splitlines() or [type(error).__name__])[0]
    finally:
        logging.disable(logging.NOTSET)
    return ""


def page_table() -> str:
    """The tables of the page, from what is expected; the tests hold them against what is so."""
    tools = [*TOOLS, *DYNAMIC]
    head = ["| net | " + " | ".join(tools) + " |", "|---" * (len(tools) + 1) + "|"]
    rows = [_row(name, tools) for name in (*mini_nets(), *NETS)]
    net_notes = [f"| {name} | {tool} | {reason} |" for (name, tool), reason in sorted(NET_REASONS.items())]
    type_notes = [f"| {kind} | {tool} | {reason} |" for (kind, tool), reason in sorted(REASONS.items())]
    types = ", ".join(sorted(layer_cases()))
    return "\n".join(
        [
            *head, *rows, "", "The exceptions:", "", "| net | tool | why not |", "|---|---|---|", *net_notes, "",
            f"The same tools, but for {' and '.join(DYNAMIC)}, take the first golden of every type: {types}. "
            "The exceptions:", "", "| type | tool | why not |", "|---|---|---|", *type_notes,
        ]
    )  # fmt: skip


def _row(name: str, tools: list[str]) -> str:
    """A net's line: yes, or no where a reason is known."""
    cells = ("no" if (name, tool) in NET_REASONS else "yes" for tool in tools)
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{page_table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
