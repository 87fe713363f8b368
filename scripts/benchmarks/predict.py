"""An image from its file to its labels: VOC's one tile and Cityscapes' two, and the whole command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.benchmarks.processes import Whole, once
from scripts.benchmarks.rounds import Task, lasting, wholes
from scripts.benchmarks.rows import Row, compare
from scripts.benchmarks.setting import GOLDENS, Setting

_TASK = "scripts.benchmarks.tasks.images"
_PLAIN, _TILES = "plain net", "fast, tile by tile"


def measure(setting: Setting) -> list[Row]:
    """VOC, Cityscapes, the command."""
    voc = [("fast, as `predict` runs it", {}), (_PLAIN, {"way": "plain"}), ("fast, bfloat16", {"dtype": "bfloat16"})]
    rows = _group(setting, "predict, VOC image of 375×500", ("pascal_voc", setting.weights, _voc_image()), voc)
    rows += _command(setting)
    city = setting.folder / "cityscapes.caffemodel"
    setting.say("weights are made")
    width, fc_width = (4, 128) if setting.quick else (64, 4096)
    making = {"path": city, "width": width, "fc_width": fc_width, "model": "cityscapes"}
    once("scripts.benchmarks.tasks.making:formula", making)
    picture = GOLDENS / "predict" / "cityscapes_1024x2048_image.png"
    ways = [(_PLAIN, {"way": "plain"}), (_TILES, {"way": "tiles"}), ("fast, as `predict` runs it", {})]
    rows += _group(setting, "predict, Cityscapes image of 1024×2048", ("cityscapes", city, picture), ways)
    city.unlink()
    return rows


def _group(
    setting: Setting, group: str, what: tuple[str, Path, Path], ways: list[tuple[str, dict[str, str]]]
) -> list[Row]:
    """One image by several ways; labels are held against the plain net's."""
    model, weights, image = what
    answers = {name: setting.folder / f"labels {model} {number}.npy" for number, (name, _) in enumerate(ways)}
    given = {"model": model, "weights": weights, "image": image}
    tasks: list[Task] = [(name, f"{_TASK}:labels", {**given, "answer": answers[name], **way}) for name, way in ways]
    rows = lasting(setting, group, tasks)
    reference = _PLAIN
    for other in (_PLAIN, _TILES):
        compare(rows, other)
    for row in rows:
        if row.values and row.name != reference and answers[reference].exists():
            found = once(f"{_TASK}:agreement", {"one": answers[reference], "other": answers[row.name]})
            row.facts["same labels"] = f"{100 * found['agreement']:.3f} %"
    return rows


def _command(setting: Setting) -> list[Row]:
    """`dilatednet predict` from start to exit, imports and packing of the weights included."""
    line = (sys.executable, "-m", "converter", "predict", "pascal_voc", "--weights", setting.weights, _voc_image())
    contestant = Whole("dilatednet predict, whole command", (*line, "-o", setting.folder / "labels"))
    return wholes(setting, "predict, VOC image of 375×500", [contestant])


def _voc_image() -> Path:
    """An image of VOC's where VOC_ROOT says that there are some, else the golden of that size."""
    root = os.environ.get("VOC_ROOT")
    found = sorted(Path(root).glob("VOCdevkit/VOC2012/JPEGImages/*.jpg")) if root else []
    return found[0] if found else GOLDENS / "predict" / "pascal_voc_375x500_image.png"
