"""Plugins of pytest: one records which functions each test calls, the other runs chosen tests in a given order."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

SPAWNS = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec"}
"""Audit events of a test that runs code in another process, where nothing is recorded."""


class Recorder:
    """Records of each test how long it takes, whether it starts processes, and the first lines of functions it calls.

    What fixtures call counts for every test of the file, for a fixture may be made once for all of them. The modules'
    `sums` are kept beside it.
    """

    def __init__(self, tree: Path, target: Path, sums: dict[str, str]) -> None:
        self.packages = (f"{tree}/converter/", f"{tree}/reference/")
        self.start = len(str(tree)) + 1
        self.target = target
        self.sums = sums
        self.calls: set[tuple[str, int]] = set()
        self.shared: dict[str, set[tuple[str, int]]] = {}
        self.tests: dict[str, dict[str, Any]] = {}
        self.spawned = False
        sys.addaudithook(self._audit)

    def _audit(self, event: str, _arguments: object) -> None:
        self.spawned = self.spawned or event in SPAWNS

    def _call(self, frame: FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(self.packages):
            self.calls.add((code.co_filename, code.co_firstlineno))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One test with its fixtures."""
        self.calls, self.spawned = set(), False
        self.tests[item.nodeid] = {"seconds": 0.0, "passed": True}
        sys.settrace(self._call)
        threading.settrace(self._call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self.tests[item.nodeid] |= {"spawns": self.spawned, "calls": self._by_file(self.calls)}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """What fixtures call belongs to the whole file."""
        try:
            return (yield)
        finally:
            self.shared.setdefault(item.nodeid.partition("::")[0], set()).update(self.calls)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Time and verdict."""
        test = self.tests[report.nodeid]
        test["seconds"] += report.duration
        test["passed"] = test["passed"] and (report.passed or (report.skipped and hasattr(report, "wasxfail")))

    def pytest_sessionfinish(self) -> None:
        """Keep what was recorded."""
        shared = {file: self._by_file(calls) for file, calls in self.shared.items()}
        self.target.write_text(json.dumps({"tests": self.tests, "shared": shared, "sums": self.sums}))

    def _by_file(self, calls: set[tuple[str, int]]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for file, line in calls:
            found.setdefault(file[self.start :], []).append(line)
        return found


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, names: list[str]) -> None:
        self.order = {name: place for place, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda i: self.order[i.nodeid])
