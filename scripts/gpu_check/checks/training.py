"""Seconds of an update of each of the paper's stages, in float32 and bfloat16, with and without torch.compile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.benchmarks.tasks.gpu import training
from scripts.benchmarks.tasks.waiting import forget_peak, peak_megabytes, seconds
from scripts.gpu_check.findings import Finding, Setting

QUICK = {"width": 4, "fc_width": 16, "batch": 2, "crop": 500}


def run(setting: Setting) -> Iterator[Finding]:
    """A line a stage, type and way; the plain ways first, as compiling takes longest."""
    kinds = ("bfloat16", "tf32", "float32") if setting.on_cuda else ("float32",)
    for compiled in (False,) if setting.quick else (False, True):
        for kind in kinds[: 1 if compiled else None]:
            for stage in ("frontend", "context", "joint"):
                yield _timed(setting, stage, kind, compiled)


def _timed(setting: Setting, stage: str, kind: str, compiled: bool) -> Finding:
    changes: dict[str, Any] = QUICK if setting.quick else {}
    name = f"{stage}, {kind}{', compiled' if compiled else ''}"
    forget_peak(setting.device)
    try:
        update = training(kind, stage, setting.device, compiled, **changes)
        took = seconds(update, setting.device, rounds=3, warm=1 if setting.quick else 2)
    except Exception as error:  # noqa: BLE001 - whatever it dies of is its line's text
        return Finding(name, {"not measured": f"{type(error).__name__}: {str(error).splitlines()[0]}"})
    return Finding(name, {"updates/s": 1 / took, "peak memory, MB": peak_megabytes(setting.device)})
