"""Seconds of one tile in each type: this project's `fast`, torch's own ways, and the card's rate for a product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from converter.dilatednet import load
from scripts.benchmarks.setting import GOLDENS
from scripts.benchmarks.tasks import gpu
from scripts.benchmarks.tasks.waiting import dtype_of, seconds
from scripts.benchmarks.tile import multiply_adds
from scripts.gpu_check.findings import Finding, Setting
from tests.formula_weights import formula_image


def run(setting: Setting) -> Iterator[Finding]:
    """A line a type and way; the first of each type is the product's rate."""
    nets = GOLDENS / "nets"
    mini = nets / "mini" / "dilation8_pascal_voc_mini.prototxt"
    net = mini if setting.quick else nets / "full" / "dilation8_pascal_voc.prototxt"
    work, size, rates = 2 * multiply_adds(net, setting.side), 8192 if setting.on_cuda else 1024, {}
    for kind in setting.kinds:
        product = seconds(gpu.matrix_product(size, kind, setting.device), setting.device)
        rates[kind] = 2 * size**3 / product / 1e9
        yield Finding(f"{kind}, matrix product", {"ms": 1000 * product, "GFLOP/s": round(rates[kind])})
        for name, way in _ways(setting, kind).items():
            yield _timed(f"{kind}, {name}", way, setting, work, rates[kind])
    for kind in () if setting.quick else setting.kinds:  # compiling takes longest, so it comes when all else is known
        name, way = f"{kind}, torch.compile", partial(_torch, setting, kind, trials=True, compiled=True)
        yield _timed(name, way, setting, work, rates[kind])


def _timed(name: str, way: Callable[[], gpu.Run], setting: Setting, work: float, rate: float) -> Finding:
    """A way that fails is a line that says so; the others go on."""
    try:
        made = way()
        said: dict[str, Any] = made() or {}
        took = seconds(made, setting.device, rounds=3 if setting.quick else 10)
    except Exception as error:  # noqa: BLE001 - whatever it dies of is its line's text
        return Finding(name, {"not measured": f"{type(error).__name__}: {str(error).splitlines()[0]}"})
    speed = work / took / 1e9
    rates = {"ms": 1000 * took, "GFLOP/s": round(speed), "of the product's rate": round(speed / rate, 3)}
    return Finding(name, {**rates, **said.get("facts", {})})


def _ways(setting: Setting, kind: str) -> dict[str, Callable[[], gpu.Run]]:
    device = setting.device
    found: dict[str, Callable[[], gpu.Run]] = {
        "fast": lambda: gpu.tiles(str(setting.weights), setting.side, kind, 1, device),
        "torch, channels last": lambda: _torch(setting, kind, trials=False, compiled=False),
    }
    if kind in ("bfloat16", "float16"):
        given = (str(setting.weights), setting.side, kind, 1, device)
        found["fast, ends in float32"] = lambda: gpu.tiles(*given, float32_ends=True)
    if setting.on_cuda:
        found["torch, cuDNN's trials"] = lambda: _torch(setting, kind, trials=True, compiled=False)
    return found


def _torch(setting: Setting, kind: str, *, trials: bool, compiled: bool) -> gpu.Run:
    """The plain net as torch runs it; `trials`: cuDNN picks its algorithms by trying them out."""
    torch.backends.cudnn.benchmark = trials
    dtype = dtype_of(kind)
    net = load("pascal_voc", setting.weights).eval().to(setting.device, dtype)
    net = net.to(memory_format=torch.channels_last)
    called = torch.compile(net) if compiled else net
    tile = torch.from_numpy(formula_image(setting.side, setting.side))[None].to(setting.device, dtype)
    x = tile.contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode():
            called(x)

    return run
