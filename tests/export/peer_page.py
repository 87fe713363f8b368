"""The second table of docs/targets.md, another converter beside ours: `python -m tests.export.peer_page CAFFE2ONNX`.

The peer is caffe-onnx 0.1.2 in an environment of its own, since it wants protobuf below 4; CAFFE2ONNX is its command.
Both run as commands of their own; what they write is run by this environment's onnxruntime on the same input, and held
against the oracle.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import converter
import reference
from tests.export.targets_page import PAGE, Entry, entries
from tests.goldens_reader import scaled_error
from tests.places import ROOT

BEGIN, END = "<!-- peer -->", "<!-- end of peer -->"
RIGHT = 1e-4
LIMIT = 300
"""Seconds that a conversion may take."""


def outcome(entry: Entry, command: list[str], out: Path, wanted: dict[str, np.ndarray]) -> tuple[str, str]:
    """The error of what a command writes, or why there is none; and its seconds."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if command[0] == sys.executable else None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return f"not done in {LIMIT} s", ""
    seconds = f"{time.perf_counter() - started:.1f}"
    if not out.is_file():
        lines = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        return f"refused: {without_paths(lines[-1])[:80]}" if lines else "nothing written", seconds
    return compared(entry, out, wanted), seconds


def without_paths(text: str) -> str:
    """A message without names of folders, which differ from run to run."""
    return re.sub(r"/\S+", "...", text)


def compared(entry: Entry, out: Path, wanted: dict[str, np.ndarray]) -> str:
    """The worst relative error of the net's outputs, met by name, or by place where the names differ."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    try:
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        inputs = dict(zip((one.name for one in session.get_inputs()), entry.inputs.values(), strict=False))
        found = dict(zip((one.name for one in session.get_outputs()), session.run(None, inputs), strict=True))
    except Exception as error:  # noqa: BLE001 - whatever the runtime says of a model is the result
        return f"does not run: {without_paths(str(error).splitlines()[0])[:60]}"
    names = converter.read_net(entry.prototxt).outputs
    if len(found) != len(names):
        return f"{len(found)} outputs of {len(names)}"
    pairs = [(found.get(name, value), wanted[name]) for name, value in zip(names, found.values(), strict=True)]
    if any(seen.size != value.size for seen, value in pairs):
        return "another shape"
    return f"{max(scaled_error(seen.reshape(value.shape), value) for seen, value in pairs):.1e}"


def row(entry: Entry, peer: str) -> list[str]:
    """A line of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = folder / "net.caffemodel"
        converter.convert(entry.stored(folder), weights, entry.prototxt, allow_unused=True)
        wanted = reference.run(entry.prototxt, str(weights), entry.inputs, allow_unknown=True)
        ours = [sys.executable, "-m", "converter", "convert", str(weights), str(folder / "ours.onnx"), "--prototxt"]
        mine = outcome(entry, [*ours, str(entry.prototxt)], folder / "ours.onnx", wanted)
        theirs = [peer, str(entry.prototxt), str(weights), "peer", str(folder)]
        other = outcome(entry, theirs, folder / "peer.onnx", wanted)
        return [entry.name, *mine, *other]


def main() -> None:
    """Measure, and write the table into the page."""
    rows = []
    for entry in entries():
        rows.append(row(entry, sys.argv[1]))
        sys.stderr.write(f"{rows[-1]}\n")
    right = [sum(_is_right(one[place]) for one in rows) for place in (1, 3)]
    head = ["| net | ours | seconds | caffe-onnx 0.1.2 | seconds |", "|---|---|---|---|---|"]
    lines = [*head, *("| " + " | ".join(cell.replace("|", "/") for cell in one) + " |" for one in rows)]
    told = f"Right to {RIGHT:g}: ours {right[0]} of {len(rows)}, caffe-onnx {right[1]} of {len(rows)}."
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    table = "\n".join(lines)
    PAGE.write_text(f"{before}{BEGIN}\n\n{told}\n\n{table}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _is_right(cell: str) -> bool:
    """Whether a cell holds an error within the bound."""
    try:
        return float(cell) <= RIGHT
    except ValueError:
        return False


if __name__ == "__main__":
    main()
