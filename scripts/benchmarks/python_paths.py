"""Instructions of the pure Python paths, counted by callgrind: they do not depend on how busy the machine is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from scripts.benchmarks.rows import Row
from scripts.benchmarks.setting import GOLDENS, ROOT, Setting

TITLE = "Python paths, instructions of one run"
_NET = GOLDENS / "nets" / "full" / "dilation8_pascal_voc.prototxt"
_FILE = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel"
_PATHS = {
    "read a prototxt": ("from converter.formats.prototxt.parser import read_prototxt as f", str(_NET)),
    "read and connect a net": ("from converter import read_net as f", str(_NET)),
    "walk a caffemodel": ("from converter.formats.weights.caffemodel import read_caffemodel as f", str(_FILE)),
}
_TIMES = (1, 3)


def measure(setting: Setting) -> list[Row]:
    """Each path once and thrice: half the difference is one run, without start and imports."""
    rows = []
    for name, (line, path) in _PATHS.items():
        row = Row(TITLE, name, unit="million")
        rows.append(row)
        if shutil.which("valgrind") is None:
            row.facts["not measured"] = "valgrind is not installed"
            continue
        setting.say(f"{TITLE}: {name}")
        counts = [_instructions(f"{line}\nfor _ in range({times}): f({path!r})") for times in _TIMES]
        if None in counts:
            row.facts["not measured"] = "callgrind failed"
        else:
            row.values.append((counts[1] - counts[0]) / (_TIMES[1] - _TIMES[0]) / 1e6)
    return rows


def _instructions(program: str) -> int | None:
    """What callgrind counts over a whole interpreter; hash seeds are fixed so that it is the same each time."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None
