"""Tasks for a CUDA device; every one waits for it before its time is taken. `device="cpu"` rehearses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from converter.data.images import read_image
from converter.dilatednet import load
from converter.dilatednet.inference.batches import Waiting, begin_many
from converter.dilatednet.training.loss import valid_loss
from converter.dilatednet.training.recipes import SHRINK, Recipe, recipe
from converter.dilatednet.training.stages import build_optimizer, build_stage
from converter.fast import AcceleratedModule, accelerate
from scripts.benchmarks.tasks.waiting import dtype_of, forget_peak, peak_megabytes, wait
from tests.formula_weights import formula_image

Run = Callable[[], dict[str, Any] | None]
_READERS = 8
_TOGETHER = 16


def device() -> Run:
    """The card's name.

    Raises:
        RuntimeError: there is none.
    """
    if not torch.cuda.is_available():
        raise RuntimeError("no CUDA device")
    return lambda: {"name": torch.cuda.get_device_name()}


def matrix_product(size: int, kind: str, device: str = "cuda") -> Run:
    """The device's own rate for a square product."""
    a, b = (torch.rand(size, size, device=device, dtype=dtype_of(kind)) for _ in range(2))
    product = torch.empty_like(a)

    def run() -> None:
        torch.mm(a, b, out=product)
        wait(device)

    return run


def tiles(weights: str, side: int, kind: str, batch: int, device: str = "cuda", float32_ends: bool = False) -> Run:
    """A batch of tiles that lie on the card; the facts are its parity with plain float32 there, and peak memory."""
    plain = load("pascal_voc", weights)
    tile = torch.from_numpy(formula_image(side, side))[None]
    with torch.inference_mode():
        torch.backends.cudnn.allow_tf32 = False
        wanted = plain.to(device).logits(tile.to(device)).float().cpu().numpy()
    options = {"tf32": kind == "tf32", "float32_ends": float32_ends}
    net = accelerate(plain.cpu(), dtype=dtype_of(kind), device=device, **options)
    x = tile.to(device).expand(batch, -1, -1, -1).contiguous()
    forget_peak(device)
    facts: dict[str, Any] = {}

    def run() -> dict[str, Any]:
        net(x)
        wait(device)
        if not facts:
            facts.update(_parity(wanted, net.logits(x)[:1].float().cpu().numpy()))
            facts["GPU memory, MB"] = peak_megabytes(device)
            facts["algorithms"] = _algorithms(net)
        return {"facts": facts}

    return run


def pictures(weights: str, folder: str, decoding: bool, device: str = "cuda", written: str | None = None) -> Run:
    """A folder of JPEGs to labels in bfloat16, as `evaluate` labels them: one batch is decoded while another runs.

    `written`: a folder for the labels as PNG files, written by other threads.
    """
    net = accelerate(load("pascal_voc", weights), dtype=torch.bfloat16, device=device)
    paths = sorted(Path(folder).glob("*.jpg"))
    ready = None if decoding else [read_image(path) for path in paths]

    def run() -> None:
        with ThreadPoolExecutor(_READERS) as pool, ThreadPoolExecutor(_READERS) as writers:
            images = iter(ready) if ready is not None else pool.map(read_image, paths)
            names = iter(paths)
            under_way: list[Waiting] = []
            while part := list(islice(images, _TOGETHER)):
                begun = begin_many(net, part, "pascal_voc", batch=_TOGETHER)
                _write(under_way, names, writers, written)
                under_way = begun
            _write(under_way, names, writers, written)

    return run


def _write(labels: Iterable[Waiting], names: Iterator[Path], writers: ThreadPoolExecutor, folder: str | None) -> None:
    """Wait for labels, and have them written where a folder is given."""
    for ready, path in zip(labels, names, strict=False):
        pixels = ready()
        if folder is not None:
            writers.submit(Image.fromarray(pixels).save, Path(folder) / f"{path.stem}.png")


def training(kind: str, stage: str = "frontend", device: str = "cuda", compiled: bool = False, **changes: Any) -> Run:
    """One update of a stage of the paper's recipe (batch 14, crop 500) on numbers that lie on the card."""
    made = recipe("voc", stage, **changes)
    short = kind == "bfloat16"
    if not short:
        dtype_of(kind)
    torch.backends.cudnn.benchmark = True
    net = build_stage(made).to(device).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = build_optimizer(net.net, made)
    called = torch.compile(net) if compiled else net
    x, labels = batch_of(made, device)

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=short):
            logits = called(x)
        torch.autograd.backward(valid_loss(logits, labels))
        optimizer.step()
        wait(device)

    return run


def batch_of(made: Recipe, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers and labels of a recipe's sizes; the context stage is fed the front end's logits."""
    cells = (made.crop - SHRINK) // 8
    context = made.stage == "context"
    shape = (made.batch, 21, cells, cells) if context else (made.batch, 3, made.crop, made.crop)
    x = torch.randn(shape, device=device).contiguous(memory_format=torch.channels_last)
    return x, torch.randint(21, (made.batch, cells, cells), device=device)


def _algorithms(net: AcceleratedModule) -> str:
    """Layers whose fastest algorithm is not the fused or direct one."""
    found = []
    for name, module in net.graph_module.named_modules():
        chosen = getattr(getattr(module, "algorithm", None), "chosen", {})
        found += [f"{name} {algorithm}" for algorithm in chosen.values() if algorithm not in ("direct", "fused")]
    return ", ".join(found) or "direct or fused everywhere"


def _parity(wanted: np.ndarray, got: np.ndarray) -> dict[str, Any]:
    """Largest difference by the largest number, and agreeing labels."""
    error = float(np.abs(wanted - got).max() / np.abs(wanted).max())
    agree = float((wanted.argmax(1) == got.argmax(1)).mean())
    return {"largest error of logits": f"{error:.1e} of scale", "same labels": f"{100 * agree:.2f} %"}
