"""Tiles a second and peak memory by batch size."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from scripts.benchmarks.tasks.gpu import tiles
from scripts.benchmarks.tasks.waiting import forget_peak, peak_megabytes, seconds
from scripts.gpu_check.findings import Finding, Setting


def run(setting: Setting) -> Iterator[Finding]:
    """A line a type and size."""
    for kind in ("bfloat16", "float32") if setting.on_cuda else ("float32",):
        for batch in (1, 2) if setting.quick else (1, 2, 4, 8, 16):
            forget_peak(setting.device)
            name = f"{kind}, {batch}"
            try:
                took = seconds(
                    tiles(str(setting.weights), setting.side, kind, batch, setting.device), setting.device, 3
                )
            except torch.cuda.OutOfMemoryError as error:
                yield Finding(name, {"not measured": str(error).splitlines()[0]})
                continue
            yield Finding(name, {"tiles/s": batch / took, "peak memory, MB": peak_megabytes(setting.device)})
