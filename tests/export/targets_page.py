"""docs/targets.md: nets by export targets against the oracle; `python -m tests.export.targets_page` writes it.

The nets are the five DilatedNets at 1/16 of their width, the public models of the corpus that have Caffe's answers and,
where `$OPEN_NSFW` names a folder with deploy.prototxt and resnet_50_1by2_nsfw.caffemodel, Yahoo's open_nsfw.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

import converter
import reference
from converter.errors import OutputError
from converter.export.weights import write_weights
from tests.export.nets import DILATED, MINI, dilated, image_of
from tests.export.targets import run_onnx, run_pt2, run_source
from tests.formula_weights import hashed_uniform
from tests.goldens_reader import FORWARD_TOLERANCE, scaled_error
from tests.places import ROOT, SHARED

PAGE = ROOT / "docs/targets.md"
CORPUS = SHARED / "corpus"
TARGETS = (".py", ".onnx", ".pt2", ".safetensors")
BEGIN, END = "<!-- table -->", "<!-- end -->"
BOUND = FORWARD_TOLERANCE
"""Relative to an output's largest magnitude: what float32 costs, Caffe's too."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Entry:
    """A net of the table."""

    name: str
    prototxt: Path
    weights: Path | None
    """None: the formula's, as the goldens of DilatedNet have them."""

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """What it is fed: the formula's image, or numbers as the corpus's answers were made with."""
        if self.weights is None:
            return {"data": image_of(self.name)}
        found = {}
        for name, shape in converter.load(self.prototxt, seed=0).inputs.items():
            values = hashed_uniform(f"corpus/{name}", int(np.prod(shape))) * np.float32(2) - np.float32(1)
            found[name] = values.reshape(shape) * np.float32(100 if shape[1] == 3 else 1)
        return found

    def stored(self, folder: Path) -> Path:
        """A file of its weights."""
        if self.weights is not None:
            return self.weights
        path = folder / "source.safetensors"
        write_weights(dilated(self.name), path)
        return path


def entries() -> Iterator[Entry]:
    """Every net at hand."""
    yield from (Entry(name, MINI / f"{name}_mini.prototxt", None) for name in DILATED)
    if (CORPUS / "index.tsv").is_file():
        with (CORPUS / "index.tsv").open() as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["golden"] != "---":
                    paths = (CORPUS / "models" / row[key] for key in ("prototxt", "caffemodel"))
                    yield Entry(f"{row['golden']} {Path(row['caffemodel']).name}", *paths)
    if "OPEN_NSFW" in os.environ:
        folder = Path(os.environ["OPEN_NSFW"])
        yield Entry("open_nsfw", folder / "deploy.prototxt", folder / "resnet_50_1by2_nsfw.caffemodel")


def cells(entry: Entry, targets: tuple[str, ...] = TARGETS) -> dict[str, str]:
    """Worst relative error by target, with the cut where there had to be one, or why not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = entry.stored(folder)
        wanted = reference.run(entry.prototxt, str(weights), entry.inputs, allow_unknown=True)
        return {target: _cell(entry, weights, folder / f"net{target}", wanted) for target in targets}


def _cell(entry: Entry, weights: Path, path: Path, wanted: Arrays) -> str:
    try:
        return _number(entry, weights, path, wanted, ())
    except OutputError as error:
        cut = str(error).partition("--until ")[2].partition(",  or")[0].partition(", or")[0]
        if not cut:
            return str(error)
        return f"{_number(entry, weights, path, wanted, tuple(cut.split(',')))} until {cut}"


def _number(entry: Entry, weights: Path, path: Path, wanted: Arrays, until: tuple[str, ...]) -> str:
    converter.convert(weights, path, entry.prototxt, until=until, allow_unused=True)
    outputs = until or converter.read_net(entry.prototxt).outputs
    found = _run(entry, path, outputs)
    return f"{max(scaled_error(found[name], wanted[name]) for name in outputs):.1e}"


def _run(entry: Entry, path: Path, outputs: tuple[str, ...]) -> Arrays:
    if path.suffix == ".safetensors":
        import torch

        with torch.no_grad():
            found = converter.load(entry.prototxt, path, allow_unknown=True)(**entry.inputs)
        return {name: value.numpy() for name, value in found.items()}
    run = {".py": run_source, ".onnx": run_onnx, ".pt2": run_pt2}[path.suffix]
    return run(path, entry.inputs, outputs)


def table(rows: Mapping[str, Mapping[str, str]]) -> str:
    """The table of the page."""
    lines = ["| net | " + " | ".join(TARGETS) + " |", "|---" * (len(TARGETS) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(row[target] for target in TARGETS) + " |" for name, row in rows.items()]
    return "\n".join(lines)


def read_table() -> dict[str, dict[str, str]]:
    """The page's table."""
    text = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.strip().splitlines()]
    return {name: dict(zip(TARGETS, row, strict=True)) for name, *row in lines[2:]}


def main() -> None:
    """Measure everything and write the table into the page."""
    rows = {}
    for entry in entries():
        rows[entry.name] = cells(entry)
        sys.stderr.write(f"{entry.name} {rows[entry.name]}\n")
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
