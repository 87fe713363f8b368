"""Verdicts on mutants, kept on disk so that a run may be ended and go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from scripts.mutation.mutants import Mutant

Verdict = Literal["killed", "survived"]


def digest(root: Path, paths: Iterable[str]) -> str:
    """A sum over all Python files of these files and folders; of a single test ("file::name") its whole file counts."""
    found = hashlib.sha256()
    for path in sorted({path.partition("::")[0] for path in paths}):
        for file in [root / path] if (root / path).is_file() else sorted((root / path).rglob("*.py")):
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


class Results:
    """A JSON file of verdicts. A killed mutant stays killed; a survivor is tried again after its tests changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}

    def verdict(self, mutant: Mutant, tests: str) -> Verdict | None:
        """What is known of a mutant, given its tests' sum."""
        verdict, seen = self.kept.get(self._key(mutant), ("", ""))
        if verdict == "killed":
            return "killed"
        return "survived" if verdict and seen == tests else None

    def keep(self, mutant: Mutant, verdict: Verdict, tests: str) -> None:
        """Note a verdict, on disk at once."""
        self.kept[self._key(mutant)] = [verdict, tests]
        self.path.write_text(json.dumps(self.kept, indent=0))

    @staticmethod
    def _key(mutant: Mutant) -> str:
        return f"{mutant.key} {hashlib.sha256(mutant.text.encode()).hexdigest()[:12]}"
