"""From files to a net that is ready to run, after imports, each in a fresh process."""

from __future__ import annotations

from scripts.benchmarks.rounds import fresh
from scripts.benchmarks.rows import Row, compare
from scripts.benchmarks.setting import Setting

TITLE = "load, ready to run (memory: what loading adds)"
_TASKS = "scripts.benchmarks.tasks.reading"


def measure(setting: Setting) -> list[Row]:
    """Ours twice, protobuf + NumPy, OpenCV."""
    weights = {"weights": setting.weights}
    both = {"prototxt": setting.prototxt, **weights}
    rows = fresh(
        setting,
        TITLE,
        [
            ("converter.load", f"{_TASKS}:load", both),
            ("converter.dilatednet.load", f"{_TASKS}:zoo", weights),
            ("protobuf + numpy + torch", f"{_TASKS}:protobuf", weights),
            ("OpenCV 4", f"{_TASKS}:opencv", both),
        ],
    )
    compare(rows, "OpenCV 4")
    return rows
