"""How cost grows: a tile's time with its pixels, conversion and loading with the file's size; with a plot."""

from __future__ import annotations

import math
import shutil
import sys

from scripts.benchmarks.plot import Curve, plot
from scripts.benchmarks.processes import Whole, once
from scripts.benchmarks.rounds import fresh, lasting, wholes
from scripts.benchmarks.rows import Row
from scripts.benchmarks.setting import MEGABYTE, Setting

_PIXELS = (0.25, 0.5, 1.0, 2.0, 4.0)
_TASKS = "scripts.benchmarks.tasks"


def measure(setting: Setting) -> list[Row]:
    """Tiles of 0.25 to 4 times the pixels, models of 2 to 600 MB (--quick: to 20)."""
    sizes = (2, 6, 20) if setting.quick else (2, 20, 60, 200, 600)
    tiles, models = _tiles(setting), [row for size in sizes for row in _model(setting, size)]
    by_name: dict[str, list[tuple[float, float]]] = {}
    for row in models:
        if row.centre:
            by_name.setdefault(row.name.rpartition(",")[0], []).append((float(row.facts["MB"]), row.centre))
    pixels = [(float(row.facts["pixels"]), row.centre) for row in tiles if row.centre]
    drawing = plot(
        [
            ("a tile, seconds by millions of pixels", [Curve("fast, float32", [(x / 1e6, y) for x, y in pixels])]),
            ("a file, seconds by MB", [Curve(name, points) for name, points in by_name.items()]),
        ]
    )
    (setting.folder / "scaling.svg").write_text(drawing)
    return [*tiles, *models]


def _tiles(setting: Setting) -> list[Row]:
    rows: list[Row] = []
    for factor in _PIXELS:
        side = round(900 * math.sqrt(factor))
        given = {"weights": setting.weights, "side": side, "answer": setting.folder / "scaled.npy"}
        task = (f"fast, float32, {side}×{side}", f"{_TASKS}.tiles:fast", given)
        row = lasting(setting, "scaling, tile", [task])[0]
        row.facts["pixels"] = side * side
        if row.centre:
            row.facts["s a million pixels"] = round(row.centre / (side * side / 1e6), 3)
        rows.append(row)
    return rows


def _model(setting: Setting, size: int) -> list[Row]:
    """`convert`, `cp` and reading for one size."""
    source, out = setting.folder / f"{size}.caffemodel", setting.folder / "scaled.safetensors"
    setting.say(f"a model of {size} MB is made")
    once(f"{_TASKS}.making:drawn", {"path": source, "size": size * MEGABYTE})
    command = (sys.executable, "-m", "converter", "convert", source, out)
    copy = (shutil.which("cp") or "cp", source, out)
    group = "scaling, file"
    rows = wholes(
        setting, group, [Whole(f"convert, {size} MB", command, (), [out]), Whole(f"cp, {size} MB", copy, (), [out])]
    )
    rows += fresh(setting, group, [(f"read_weights, {size} MB", f"{_TASKS}.reading:weights", {"weights": source})])
    for row in rows:
        row.facts["MB"] = size
    source.unlink()
    return rows
