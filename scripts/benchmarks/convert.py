"""Conversion of a weights file beside `cp` and beside others' reading, as whole processes."""

from __future__ import annotations

import shutil
import sys

from scripts.benchmarks.processes import Whole
from scripts.benchmarks.rounds import wholes
from scripts.benchmarks.rows import Row, compare
from scripts.benchmarks.setting import Setting

TITLE = "convert"


def measure(setting: Setting) -> list[Row]:
    """Ours and `cp`, from memory and from the disk; the hash alone; protobuf + NumPy; OpenCV."""
    source, out = setting.weights, setting.folder / "converted.safetensors"
    ours = (sys.executable, "-m", "converter", "convert", source, out)
    copied = setting.folder / "copied"
    copy = (shutil.which("cp") or "cp", source, copied)
    flushed = ("sh", "-c", 'cp "$0" "$1" && sync "$1"', source, copied)
    peer = (sys.executable, "-m", "scripts.benchmarks.peers")
    contestants = [
        Whole("convert", ours, removes=[out]),
        Whole("convert --no-checksum", (*ours, "--no-checksum"), removes=[out]),
        Whole("cp", copy, removes=[copied]),
        Whole("cp and sync", flushed, removes=[copied]),
        Whole("SHA-256 alone", (*peer, "sha256", source)),
        Whole("protobuf + numpy", (*peer, "protobuf", source, out), removes=[out]),
        Whole("OpenCV 4, reading", (*peer, "opencv", setting.prototxt, source)),
        Whole("convert, file not in memory", ours, evict=[source], removes=[out]),
        Whole("cp, file not in memory", copy, evict=[source], removes=[copied]),
    ]
    rows = wholes(setting, TITLE, contestants)
    size = source.stat().st_size
    for row in rows:
        if row.centre:
            row.facts["MB/s"] = round(size / row.centre / 1e6)
    cold = [row for row in rows if row.name.endswith("not in memory")]
    compare([row for row in rows if row not in cold], "cp")
    compare([row for row in rows if row not in cold], "cp and sync")
    compare(cold, "cp, file not in memory")
    return rows
