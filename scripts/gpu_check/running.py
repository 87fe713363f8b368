"""Runs a part in a process of its own, which is ended with all its children when its time is over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from scripts.gpu_check.findings import Finding, Outcome, Setting
from scripts.gpu_check.parts import Part

ROOT = Path(__file__).resolve().parent.parent.parent


def run_part(part: Part, setting: Setting, limit: float) -> Outcome:
    """What a part finds within `limit` seconds; what it found before it failed counts."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        error = _run([sys.executable, "-m", "scripts.gpu_check.worker", part.name], setting, limit, said, errors)
        said.seek(0)
        lines = [line for line in said if line.endswith("\n")]
    findings = tuple(Finding(**json.loads(line)) for line in lines)
    return Outcome(part.name, part.parity, round(time.perf_counter() - began, 1), findings, error)


def _run(line: list[str], setting: Setting, limit: float, said: IO[str], errors: IO[str]) -> str:
    """Why it failed; empty where it did not."""
    given = [*line, json.dumps(asdict(setting))]
    process = subprocess.Popen(given, cwd=ROOT, stdout=said, stderr=errors, start_new_session=True)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        return f"ran out of its {limit:.0f} s"
    finally:
        _end(process)
    if not code:
        return ""
    errors.seek(0)
    last = next((text.strip() for text in reversed(errors.readlines()) if text.strip()), "")
    return last or f"ended with {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process's session; nothing where it is over."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
