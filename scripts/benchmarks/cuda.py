"""On a GPU: tiles, updates and images a second by type, beside the card's own matrix product."""

from __future__ import annotations

from scripts.benchmarks.processes import ContestantError, once
from scripts.benchmarks.rounds import Task, lasting
from scripts.benchmarks.rows import Row
from scripts.benchmarks.setting import GOLDENS, Setting
from scripts.benchmarks.tile import multiply_adds

TITLE = "CUDA"
_TASKS = "scripts.benchmarks.tasks.gpu"
_TYPES = ("float32", "tf32", "bfloat16", "float16")
_BATCHES = (1, 4, 16)


def measure(setting: Setting) -> list[Row]:
    """Every figure with its parity; a line that says so where there is no device."""
    try:
        device = once(f"{_TASKS}:device", {})["name"]
    except ContestantError as error:
        return [Row(TITLE, "tiles and images", facts={"not measured here": str(error).rpartition(": ")[2]})]
    rates, rows = _products(setting), []
    work = 2 * multiply_adds(setting.prototxt, setting.side)
    for kind in _TYPES:
        for batch in (1, 2) if setting.quick else _BATCHES:
            rows.append(_tiles(setting, kind, batch, work, rates[kind]))
    rows += [_training(setting, kind, rates[kind]) for kind in ("float32", "tf32", "bfloat16")]
    rows += _pictures(setting)
    for row in rows:
        row.facts["device"] = str(device)
    return rows


def _products(setting: Setting) -> dict[str, Row]:
    """The card's own rate by type, one worker after the other so that memory is free for the next."""
    size = 2048 if setting.quick else 8192
    found = {}
    for kind in _TYPES:
        task: Task = (f"matrix product, {kind}", f"{_TASKS}:matrix_product", {"size": size, "kind": kind})
        found[kind] = lasting(setting, TITLE, [task])[0]
        if found[kind].centre:
            found[kind].facts["GFLOP/s"] = 2 * size**3 / found[kind].centre / 1e9
    return found


def _tiles(setting: Setting, kind: str, batch: int, work: float, product: Row) -> Row:
    given = {"weights": setting.weights, "side": setting.side, "kind": kind, "batch": batch}
    row = lasting(setting, TITLE, [(f"tiles, {kind}, batch {batch}", f"{_TASKS}:tiles", given)])[0]
    if row.centre:
        rate = work * batch / row.centre / 1e9
        row.facts.update({"tiles/s": batch / row.centre, "GFLOP/s": rate})
        if product.centre:
            row.facts["of the product's rate"] = round(rate / float(product.facts["GFLOP/s"]), 3)
    return row


def _training(setting: Setting, kind: str, product: Row) -> Row:
    """Updates a second of the paper's front-end recipe; backward costs twice what forward does."""
    row = lasting(setting, TITLE, [(f"training, front end, {kind}", f"{_TASKS}:training", {"kind": kind})])[0]
    if row.centre:
        net = GOLDENS / "nets" / "full" / "frontend_pascal_voc.prototxt"
        rate = 3 * 14 * 2 * multiply_adds(net, 500) / row.centre / 1e9
        row.facts.update({"iterations/s": 1 / row.centre, "GFLOP/s": rate})
        if product.centre:
            row.facts["of the product's rate"] = round(rate / float(product.facts["GFLOP/s"]), 3)
    return row


def _pictures(setting: Setting) -> list[Row]:
    """Synthetic JPEGs of VOC's sizes, as many as its validation split has, decoded on the way and beforehand."""
    count = 16 if setting.quick else 1449
    folder = setting.folder / "jpegs"
    folder.mkdir(exist_ok=True)
    once("scripts.benchmarks.tasks.making:jpegs", {"folder": folder, "count": count})
    rows = []
    for decoding in (True, False):
        name = f"{count} images, bfloat16, {'decoding included' if decoding else 'decoded before'}"
        given = {"weights": setting.weights, "folder": folder, "decoding": decoding}
        row = lasting(setting, TITLE, [(name, f"{_TASKS}:pictures", given)])[0]
        if row.centre:
            row.facts["images/s"] = count / row.centre
        rows.append(row)
    return rows
