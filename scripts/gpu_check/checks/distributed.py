"""DDP with one process: the gradients are those of the net itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist

from converter.dilatednet.training.loss import valid_loss
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.stages import build_stage
from scripts.benchmarks.tasks.gpu import batch_of
from scripts.benchmarks.tasks.waiting import dtype_of, wait
from scripts.gpu_check.findings import Finding, Setting

BOUND = 1e-5
"""Of the largest gradient: atomic sums of backward passes may come in any order."""


def run(setting: Setting) -> Iterator[Finding]:
    """One line."""
    dtype_of("float32")
    kind = "nccl" if setting.on_cuda else "gloo"
    store = (Path(setting.folder) / "store").as_uri()
    dist.init_process_group(kind, init_method=store, rank=0, world_size=1)
    try:
        yield _compared(setting, kind)
    finally:
        dist.destroy_process_group()


def _compared(setting: Setting, kind: str) -> Finding:
    torch.manual_seed(0)
    made = recipe("voc", "context", **({"batch": 2, "crop": 500} if setting.quick else {}))
    net = build_stage(made).to(setting.device).train()
    x, labels = batch_of(made, setting.device)
    plain, spread = (_gradients(way, net, x, labels) for way in (net, torch.nn.parallel.DistributedDataParallel(net)))
    wait(setting.device)
    largest = max(float(value.abs().max()) for value in plain)
    error = max(float((a - b).abs().max()) for a, b in zip(plain, spread, strict=True)) / largest
    facts = {"gradients": len(plain), "error": error}
    return Finding(f"{kind}, context stage", facts, "" if error <= BOUND else f"more than {BOUND:.0e}")


def _gradients(way: torch.nn.Module, net: torch.nn.Module, x: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
    net.zero_grad(set_to_none=True)
    torch.autograd.backward(valid_loss(way(x), labels))
    return [value.grad.clone() for value in net.parameters() if value.grad is not None]
