"""One tile: ours in every form beside OpenCV, plain convolutions, and the machine's own matrix product."""

from __future__ import annotations

from pathlib import Path

from scripts.benchmarks.processes import ContestantError, once
from scripts.benchmarks.rounds import lasting
from scripts.benchmarks.rows import Row, compare
from scripts.benchmarks.setting import Setting

TITLE = "tile"
_TASKS = "scripts.benchmarks.tasks.tiles"
_ENGINES = "scripts.benchmarks.tasks.engines"
_PLAIN = "plain module (converter.load)"
_PRODUCTS = {"float32": "matrix product, float32", "bfloat16": "matrix product, bfloat16"}


def measure(setting: Setting) -> list[Row]:
    """Every contestant stays alive through all rounds; parity is each first answer's, against the plain module's."""
    size = 1024 if setting.quick else 4096
    tasks = [*_nets(setting)]
    tasks += [(name, f"{_TASKS}:matrix_product", {"size": size, "dtype": dtype}) for dtype, name in _PRODUCTS.items()]
    plain = setting.folder / "plain logits.npy"
    once(f"{_TASKS}:plain_logits", {"weights": setting.weights, "side": setting.side, "answer": plain})
    rows = lasting(setting, TITLE, tasks)
    work = 2 * multiply_adds(setting.prototxt, setting.side)
    for row in rows:
        _rate(row, 2 * size**3 if row.name in _PRODUCTS.values() else work)
    nets = [row for row in rows if row.name not in _PRODUCTS.values()]
    for reference in ("OpenCV 4", _PLAIN):
        compare(nets, reference)
    for row in nets:
        _peak_fraction(row, rows, work, size)
        _parity(row, setting.folder, plain)
    return rows


def _nets(setting: Setting) -> list[tuple[str, str, dict[str, object]]]:
    weights: dict[str, object] = {"weights": setting.weights, "side": setting.side}
    both = {"prototxt": setting.prototxt, **weights}
    found: list[tuple[str, str, dict[str, object]]] = [
        ("fast, float32", f"{_TASKS}:fast", weights),
        ("fast, bfloat16", f"{_TASKS}:fast", {**weights, "dtype": "bfloat16"}),
        ("fast, int8", f"{_TASKS}:fast", {**weights, "dtype": "int8"}),
        (_PLAIN, f"{_TASKS}:module", both),
        ("hand-written net, channels last", f"{_TASKS}:channels_last", weights),
        ("F.conv2d, default layout", f"{_TASKS}:functional", weights),
        ("torch.compile, channels last", f"{_ENGINES}:compiled", weights),
        ("ONNX Runtime", f"{_ENGINES}:onnxruntime", weights),
        ("OpenVINO, float32", f"{_ENGINES}:openvino", weights),
        ("OpenVINO, bfloat16", f"{_ENGINES}:openvino", {**weights, "precision": "bf16"}),
        ("OpenCV 4", f"{_TASKS}:opencv", both),
    ]
    return [(name, task, {**given, "answer": _answer(setting.folder, name)}) for name, task, given in found]


def multiply_adds(prototxt: Path, side: int) -> int:
    """Of one square tile, as `dilatednet inspect` counts them."""
    task = "scripts.benchmarks.tasks.counting:multiply_adds"
    return int(once(task, {"prototxt": prototxt, "side": side})["multiply_adds"])


def _rate(row: Row, work: float) -> None:
    if row.centre:
        row.facts["GFLOP/s"] = round(work / row.centre / 1e9)


def _peak_fraction(row: Row, rows: list[Row], work: float, size: int) -> None:
    """The part of the matrix product's rate of the same type, by medians."""
    product = _PRODUCTS["bfloat16" if "bfloat16" in row.name else "float32"]
    base = next(other for other in rows if other.name == product)
    if row.centre and base.centre:
        row.facts["of the product's rate"] = round(work / row.centre / (2 * size**3 / base.centre), 3)


def _answer(folder: Path, name: str) -> Path:
    return folder / f"answer {name}.npy"


def _parity(row: Row, folder: Path, plain: Path) -> None:
    """The distance of its logits from the plain net's."""
    if row.name == _PLAIN or not row.values:
        return
    files = {"plain": plain, "other": _answer(folder, row.name)}
    try:
        found = once(f"{_TASKS}:distance", files)
    except ContestantError as error:
        row.facts["parity"] = str(error)
        return
    row.facts["largest error of logits"] = f"{found['difference']:.1e} of scale"
    row.facts["same labels"] = f"{100 * found['agreement']:.2f} %"
