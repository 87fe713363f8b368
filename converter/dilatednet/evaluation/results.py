"""What an evaluation found: confusion counts by image, their sum, the scores, as a table and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from converter.data.datasets.split import Split
from converter.dilatednet.evaluation.metrics import Matrix, Scores, image_iou, scores
from converter.dilatednet.paper import PaperRow
from converter.files.atomic import atomic_write


@dataclass(frozen=True)
class Result:
    """Confusion counts (classes, classes) of every image of a split; `about` says what was run, for the record."""

    split: Split
    counts: Mapping[str, Matrix]
    paper: PaperRow | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def matrix(self) -> Matrix:
        """The sum over all images: int64 (classes, classes), rows truth, columns prediction."""
        size = len(self.split.classes)
        return sum(self.counts.values(), np.zeros((size, size), np.int64))

    @cached_property
    def scores(self) -> Scores:
        """The scores of the summed matrix."""
        return scores(self.matrix)

    def by_iou(self) -> list[tuple[str, float]]:
        """Images with their own mean IoU in per cent, worst first."""
        return sorted(
            ((name, image_iou(matrix)) for name, matrix in self.counts.items()), key=lambda item: (item[1], item[0])
        )


def table(result: Result) -> str:
    """The result as lines of text: IoU by class, beside the paper's row where there is one."""
    found, paper, classes = result.scores, result.paper, result.split.classes
    width = max(*(len(name) for name in classes), len("pixel accuracy"))
    lines = [
        f"{'':{width}}  {'IoU':>6}" + (f"  {'paper':>6}  {'diff':>6}   ({paper.table}: {paper.name})" if paper else "")
    ]
    for index, name in enumerate(classes):
        printed = paper.iou[index] if paper else None
        absent = "  absent" if index in found.absent else ""
        lines.append(f"{name:{width}}  {_cells(float(found.iou[index]), printed)}{absent}")
    counted = "  (an absent class counts 0, as in the VOC devkit)" if found.absent else ""
    lines.append(f"{'mean':{width}}  {_cells(found.mean, paper.mean if paper else None)}{counted}")
    if found.absent:
        present = len(classes) - len(found.absent)
        lines.append(f"{'mean, present':{width}}  {found.mean_present:6.2f}  (over the {present} classes that occur)")
    lines.append(f"{'mean accuracy':{width}}  {found.mean_accuracy:6.2f}")
    lines.append(f"{'pixel accuracy':{width}}  {found.pixel_accuracy:6.2f}")
    lines.append(f"{len(result.counts):,} images, {int(result.matrix.sum()):,} pixels")
    return "\n".join(lines)


def _cells(value: float, printed: float | None) -> str:
    """A measured value, and where there is one the paper's and the difference."""
    return f"{value:6.2f}" if printed is None else f"{value:6.2f}  {printed:6.1f}  {value - printed:+6.2f}"


def record(result: Result) -> dict[str, Any]:
    """The result as plain data, for JSON; numbers in full."""
    found, split, paper = result.scores, result.split, result.paper
    return {
        "dataset": split.layout.name,
        "split": split.name,
        "images": len(result.counts),
        "pixels": int(result.matrix.sum()),
        "mean_iou": found.mean,
        "mean_iou_present": found.mean_present,
        "mean_accuracy": found.mean_accuracy,
        "pixel_accuracy": found.pixel_accuracy,
        "iou": dict(zip(split.classes, found.iou.tolist(), strict=True)),
        "absent": [split.classes[index] for index in found.absent],
        "confusion": result.matrix.tolist(),
        "paper": {"table": paper.table, "row": paper.name, "mean_iou": paper.mean, "iou": list(paper.iou)}
        if paper
        else None,
        "by_image": dict(result.by_iou()),
        "notes": list(split.notes),
        **result.about,
    }


def write_json(path: str | os.PathLike[str], result: Result) -> None:
    """Write `record(result)` to a file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as file:
        file.write(json.dumps(record(result), indent=1).encode() + b"\n")
