"""The child's side of a measurement: prepares a task, runs it once for each line on its input, answers in JSON."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from converter.pytorch.process_settings import prepare


def main() -> int:
    """`worker MODULE:FUNCTION JSON`: everything but the answers goes to the error stream."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        _serve(*sys.argv[1:3], answers)
    except Exception as error:  # noqa: BLE001 - whatever a contestant dies of is its row's text
        text = str(error).strip().splitlines()
        print(json.dumps({"error": f"{type(error).__name__}: {text[0] if text else ''}"}), file=answers)
        return 1
    return 0


def _serve(task: str, arguments: str, answers: TextIO) -> None:
    prepare()  # as `predict` and `evaluate` do, for every contestant
    module, _, function = task.partition(":")
    started = time.perf_counter()
    run: Callable[[], dict[str, Any] | None] = getattr(importlib.import_module(module), function)(
        **json.loads(arguments)
    )
    print(json.dumps({"preparation": time.perf_counter() - started}), file=answers)
    peak = 0
    for _ in sys.stdin:
        before, peak = _memory("VmRSS"), max(peak, _memory("VmHWM"))
        _forget_peak()
        gc.collect()  # what imports and earlier runs left for the collector is nobody's run
        started, busy = time.perf_counter(), time.process_time()
        said = run() or {}
        spent = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - busy}
        print(json.dumps({**spent, "memory": _memory("VmHWM") - before, **said}), file=answers)
        del said
    print(json.dumps({"peak": max(peak, _memory("VmHWM"))}), file=answers)


def _memory(which: str) -> int:
    """Bytes: resident now (VmRSS) or at most since the last reset (VmHWM); 0 where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(which)), 0)


def _forget_peak() -> None:
    """Begin a new high-water mark; what was needed to prepare does not count as the run's."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
