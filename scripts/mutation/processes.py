"""Runs of pytest in forked processes: torch and pytest are loaded once, the project's modules in each anew."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LOADED_ONCE = ("numpy", "torch", "torch.fx", "h5py", "PIL.Image", "requests", "safetensors", "tqdm", "google.protobuf")
MEMORY = 6 << 30
"""Bytes that a run may take: a mutant may ask for any."""


@dataclass(slots=True)
class Run:
    """A run of pytest that has started."""

    process: int
    until: float

    def finished(self) -> int | None:
        """pytest's exit status, -1 where it ran too long or died, None while it runs."""
        process, status = os.waitpid(self.process, os.WNOHANG)
        if process:
            _kill_group(self.process)
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else -1
        if time.monotonic() < self.until:
            return None
        _kill_group(self.process)
        os.waitpid(self.process, 0)
        return -1


def load() -> None:
    """Import what is large and never changed, once; nothing here may compute, for threads do not survive a fork."""
    for name in LOADED_ONCE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def start(
    tree: Path, arguments: Sequence[str], plugin: Callable[[], object], limit: float, environment: dict[str, str]
) -> Run:
    """Start pytest in a copy of the tree.

    Args:
        tree: the copy; its own folder of temporary files and its log lie beside it.
        arguments: pytest's, beside those that every run has.
        plugin: makes one more plugin, in the new process.
        limit: seconds.
        environment: variables for the tests.
    """
    process = os.fork()
    if process:
        return Run(process, time.monotonic() + limit)
    status = 70
    try:
        os.setpgid(0, 0)
        _enter(tree, environment)
        import pytest

        common = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={tree}.files"]
        status = int(pytest.main([*common, *arguments], plugins=[plugin()]))
        sys.stdout.flush()
    finally:
        os._exit(status)


def _enter(tree: Path, environment: dict[str, str]) -> None:
    """Make this process one that was started in the copy."""
    os.environ |= environment | {"PYTHONPATH": str(tree)}
    sys.dont_write_bytecode = True
    here = Path.cwd()
    sys.path[:] = [str(tree), *(entry for entry in sys.path if entry and Path(entry) != here)]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("scripts", "converter", "reference")]:
        del sys.modules[name]
    os.chdir(tree)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    log = os.open(f"{tree}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _kill_group(process: int) -> None:
    """End a run and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
