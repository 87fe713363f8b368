"""The card, its driver, and the versions of what runs on it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import torch

from scripts.benchmarks.machine import machine, versions
from scripts.gpu_check.findings import Finding, Setting


def run(setting: Setting) -> Iterator[Finding]:
    """One line each."""
    yield Finding("versions", {name: str(value) for name, value in versions().items()})
    yield Finding("machine", {name: str(value) for name, value in machine().items()})
    if not setting.on_cuda:
        return
    card = torch.cuda.get_device_properties(setting.device)
    yield Finding(
        "card",
        {
            "name": card.name,
            "GiB": round(card.total_memory / 2**30, 1),
            "capability": f"{card.major}.{card.minor}",
            "multiprocessors": card.multi_processor_count,
            "driver": _driver(),
            "CUDA": str(torch.version.cuda),
            "cuDNN": str(torch.backends.cudnn.version()),
            "NCCL": ".".join(map(str, torch.cuda.nccl.version())) if torch.distributed.is_nccl_available() else "none",
        },
    )


def _driver() -> str:
    line = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError) as error:
        return f"not told ({error})"
