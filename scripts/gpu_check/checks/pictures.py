"""Images a second as `predict` and `evaluate` label them: JPEGs decoded, labels written as PNG files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.tasks.gpu import pictures
from scripts.benchmarks.tasks.making import jpegs
from scripts.gpu_check.findings import Finding, Setting

COUNT = 256
"""Of the 1,449 pictures of VOC's validation split: as many as fit into the part's time."""


def run(setting: Setting) -> Iterator[Finding]:
    """One line."""
    folder, written = Path(setting.folder) / "jpegs", Path(setting.folder) / "labels"
    folder.mkdir()
    written.mkdir()
    if setting.quick:
        jpegs(str(folder), 1)()
    else:
        jpegs(str(folder), COUNT)()
    label = pictures(str(setting.weights), str(folder), True, setting.device, str(written))
    if not setting.quick:
        label()  # tries algorithms out and records graphs
    began = time.perf_counter()
    label()
    count = len(list(folder.glob("*.jpg")))
    wrong = "" if len(list(written.glob("*.png"))) == count else "labels were not written"
    yield Finding(f"{count} pictures, bfloat16", {"images/s": count / (time.perf_counter() - began)}, wrong)
