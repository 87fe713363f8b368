"""Tasks that need a CUDA device; every one waits for the device before its time is taken."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from converter.data.images import read_image
from converter.dilatednet import load
from converter.dilatednet.inference.batches import Waiting, begin_many
from converter.dilatednet.training.loss import valid_loss
from converter.dilatednet.training.recipes import SHRINK, recipe
from converter.dilatednet.training.stages import build_optimizer, build_stage
from converter.fast import AcceleratedModule, accelerate
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


def matrix_product(size: int, kind: str) -> Run:
    """The card's own rate for a square product."""
    a, b = (torch.rand(size, size, device="cuda", dtype=_dtype(kind)) for _ in range(2))
    product = torch.empty_like(a)

    def run() -> None:
        torch.mm(a, b, out=product)
        torch.cuda.synchronize()

    return run


def tiles(weights: str, side: int, kind: str, batch: int) -> Run:
    """A batch of tiles that lie on the card; the facts are its parity with plain float32 there, and peak memory."""
    plain = load("pascal_voc", weights)
    tile = torch.from_numpy(formula_image(side, side))[None]
    with torch.inference_mode():
        torch.backends.cudnn.allow_tf32 = False
        wanted = plain.cuda().logits(tile.cuda()).float().cpu().numpy()
    net = accelerate(plain.cpu(), dtype=_dtype(kind), device="cuda", tf32=kind == "tf32")
    x = tile.cuda().expand(batch, -1, -1, -1).contiguous()
    torch.cuda.reset_peak_memory_stats()
    facts: dict[str, Any] = {}

    def run() -> dict[str, Any]:
        net(x)
        torch.cuda.synchronize()
        if not facts:
            facts.update(_parity(wanted, net.logits(x)[:1].float().cpu().numpy()))
            facts["GPU memory, MB"] = round(torch.cuda.max_memory_allocated() / 1e6)
            facts["algorithms"] = _algorithms(net)
        return {"facts": facts}

    return run


def pictures(weights: str, folder: str, decoding: bool) -> Run:
    """A folder of JPEGs to labels in bfloat16, as `evaluate` labels them: one batch is decoded while another runs."""
    net = accelerate(load("pascal_voc", weights), dtype=torch.bfloat16, device="cuda")
    paths = sorted(Path(folder).glob("*.jpg"))
    ready = None if decoding else [read_image(path) for path in paths]

    def run() -> None:
        with ThreadPoolExecutor(_READERS) as pool:
            images = iter(ready) if ready is not None else pool.map(read_image, paths)
            under_way: list[Waiting] = []
            while part := list(islice(images, _TOGETHER)):
                begun = begin_many(net, part, "pascal_voc", batch=_TOGETHER)
                for wait in under_way:
                    wait()
                under_way = begun
            for wait in under_way:
                wait()

    return run


def training(kind: str) -> Run:
    """One update of the paper's front-end recipe (batch 14, crop 500) on numbers that lie on the card."""
    made = recipe("voc", "frontend")
    short = kind == "bfloat16"
    if not short:
        _dtype(kind)
    torch.backends.cudnn.benchmark = True
    net = build_stage(made).cuda().to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = build_optimizer(net.net, made)
    x = torch.randn(made.batch, 3, made.crop, made.crop, device="cuda").contiguous(memory_format=torch.channels_last)
    cells = (made.crop - SHRINK) // 8
    labels = torch.randint(21, (made.batch, cells, cells), device="cuda")

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=short):
            logits = net(x)
        torch.autograd.backward(valid_loss(logits, labels))
        optimizer.step()
        torch.cuda.synchronize()

    return run


def _algorithms(net: AcceleratedModule) -> str:
    """Layers whose fastest algorithm is not the fused or direct one."""
    found = []
    for name, module in net.graph_module.named_modules():
        chosen = getattr(getattr(module, "algorithm", None), "chosen", {})
        found += [f"{name} {algorithm}" for algorithm in chosen.values() if algorithm not in ("direct", "fused")]
    return ", ".join(found) or "direct or fused everywhere"


def _dtype(kind: str) -> torch.dtype:
    """The type to compute in; "tf32" is float32 whose products may be rounded."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = kind == "tf32"
    dtype: torch.dtype = torch.float32 if kind == "tf32" else getattr(torch, kind)
    return dtype


def _parity(wanted: np.ndarray, got: np.ndarray) -> dict[str, Any]:
    """Largest difference by the largest number, and agreeing labels."""
    error = float(np.abs(wanted - got).max() / np.abs(wanted).max())
    agree = float((wanted.argmax(1) == got.argmax(1)).mean())
    return {"largest error of logits": f"{error:.1e} of scale", "same labels": f"{100 * agree:.2f} %"}
