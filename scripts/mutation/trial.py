"""Tries mutants, some at a time, each in a copy of the tree of its own."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.mutation.choice import Record, chosen, seconds
from scripts.mutation.mutants import Mutant
from scripts.mutation.processes import Run, load, start
from scripts.mutation.results import Verdict, digest
from scripts.mutation.tracing import Chosen, Recorder
from scripts.mutation.tree import copy_tree, environment, sources

FAILED = 1
"""pytest's status where tests failed: those are left out."""
NO_TESTS = 5
"""pytest's status where nothing was collected."""
USAGE = 4
"""pytest's status where it could not begin."""


class Trial:
    """Copies of the tree, and the mutants that run in them.

    Args:
        root: the project.
        folder: where the copies lie.
        jobs: how many runs at a time.
        limit: seconds that a run may take beyond five times what its tests take unchanged.
    """

    def __init__(self, root: Path, folder: Path, jobs: int, limit: float) -> None:
        self.root = root
        self.limit = limit
        self.trees = [folder / f"tree{place}" for place in range(jobs)]
        copy_tree(root, self.trees[0])
        for tree in self.trees[1:]:
            shutil.rmtree(tree, ignore_errors=True)
            shutil.copytree(self.trees[0], tree)
        load()

    def record(self, module: str, tests: Sequence[str], target: Path) -> Record:
        """What tests call on the unchanged tree: read from `target` as long as `module` is as it was then."""
        if not self._holds(module, target):
            tree = self.trees[0]
            run = start(tree, tests, _recorder(tree, target), 3600.0, environment(self.root))
            while (status := run.finished()) is None:
                time.sleep(0.1)
            if status not in (0, FAILED):
                target.unlink(missing_ok=True)
                raise SystemExit(f"the unchanged tests did not run: see {tree}.log")
        record: Record = json.loads(target.read_text())
        return record

    def _holds(self, module: str, target: Path) -> bool:
        """Whether a record is there, and the module's functions still begin where they did."""
        if not target.exists():
            return False
        sums: dict[str, str] = json.loads(target.read_text())["sums"]
        return sums.get(module) == digest(self.trees[0], [module])

    def verdicts(self, mutants: Sequence[Mutant], record: Record) -> Iterator[tuple[Mutant, Verdict]]:
        """Try each mutant on the tests that call its function; in the order in which they end."""
        waiting, free = list(reversed(mutants)), list(self.trees)
        running: list[tuple[Mutant, Path, Run]] = []
        while waiting or running:
            while waiting and free:
                mutant = waiting.pop()
                names = chosen(mutant, record)
                if not names:
                    yield mutant, "survived"
                    continue
                tree = free.pop()
                running.append((mutant, tree, self._begin(mutant, tree, names, record)))
            for one in list(running):
                mutant, tree, run = one
                status = run.finished()
                if status is not None:
                    running.remove(one)
                    free.append(tree)
                    (tree / mutant.file).write_text(mutant.source, encoding="utf-8")
                    yield mutant, _verdict(status, tree)
            time.sleep(0.02)

    def _begin(self, mutant: Mutant, tree: Path, names: list[str], record: Record) -> Run:
        (tree / mutant.file).write_text(mutant.text, encoding="utf-8")
        files = list(dict.fromkeys(name.partition("::")[0] for name in names))
        limit = self.limit + 5 * seconds(names, record)
        return start(tree, ["-x", *files], lambda: Chosen(names), limit, environment(self.root))


def _recorder(tree: Path, target: Path) -> Callable[[], Recorder]:
    return lambda: Recorder(tree, target, {file: digest(tree, [file]) for file in sources(tree)})


def _verdict(status: int, tree: Path) -> Verdict:
    """Every end but a good one is noticed, unless pytest did not begin at all."""
    if status == USAGE:
        raise SystemExit(f"pytest could not begin: see {tree}.log")
    return "survived" if status in (0, NO_TESTS) else "killed"
