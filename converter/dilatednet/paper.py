"""The result tables of Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions" (ICLR 2016), by row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from converter.errors import DatasetError

TABLES = {
    ("voc", "val"): ("table3_voc_val_controlled", "Front + Large"),
    ("voc", "test"): ("table4_voc_test", "Context"),
    ("camvid", "test"): ("table5_camvid_test", "Dilation8"),
    ("kitti", "test"): ("table6_kitti_test", "Dilation7"),
    ("cityscapes", "val"): ("table7_cityscapes", "Dilation10 val"),
    ("cityscapes", "test"): ("table7_cityscapes", "Dilation10 test"),
}


@dataclass(frozen=True)
class PaperRow:
    """One row of a table: IoU in per cent by class in the data set's order, None where the paper prints none."""

    table: str
    name: str
    iou: tuple[float | None, ...]
    mean: float


@cache
def tables() -> dict[str, Any]:
    """Every table as stored: classes, and rows with name, iou and mean."""
    text = files("converter.dilatednet").joinpath("paper_tables.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def paper_rows(dataset: str, split: str, classes: int) -> tuple[PaperRow, ...]:
    """The rows of the table that measures this split, none where the paper has no such table.

    The tables leave VOC's background out though their means include it: its place holds None.
    """
    if (dataset, split) not in TABLES:
        return ()
    key = TABLES[dataset, split][0]
    return tuple(
        PaperRow(_title(key), row["name"], (None,) * (classes - len(row["iou"])) + tuple(row["iou"]), row["mean"])
        for row in tables()[key]["rows"]
    )


def paper_row(dataset: str, split: str, classes: int, name: str | None = None) -> PaperRow | None:
    """The row to stand beside a measurement: the named one, else the released model's; None without a table.

    Raises:
        DatasetError: the table has no row of this name.
    """
    rows = paper_rows(dataset, split, classes)
    if not rows and name:
        raise DatasetError(f"the paper has no table for {dataset} {split}, so no row {name!r}")
    wanted = name or TABLES.get((dataset, split), ("", ""))[1]
    row = next((row for row in rows if row.name.lower() == wanted.lower()), None)
    if row is None and name:
        raise DatasetError(f"the paper's table has no row {name!r}; it has {', '.join(row.name for row in rows)}")
    return row


def _title(key: str) -> str:
    """Table's name for people: "Table 3"."""
    return key.split("_", maxsplit=1)[0].replace("table", "Table ")
