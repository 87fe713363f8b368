"""Makes the weights that later parts load: the formula's numbers, of published size or narrow."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benchmarks.tasks.making import formula
from scripts.gpu_check.findings import Finding, Setting


def run(setting: Setting) -> Iterator[Finding]:
    """One line."""
    width, fc_width = (4, 128) if setting.quick else (64, 4096)
    formula(str(setting.weights), width, fc_width)()
    yield Finding("Pascal VOC, the formula's numbers", {"MB": round(setting.weights.stat().st_size / 1e6, 1)})
