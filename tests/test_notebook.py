"""docs/first-steps.ipynb runs from its first cell to its last, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.places import ROOT

NOTEBOOK = ROOT / "docs" / "first-steps.ipynb"


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return content


def test_every_cell_runs(notebook: dict[str, Any]) -> None:
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 5
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)], cwd=ROOT / "docs", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "conv1" in done.stdout


def test_it_is_stored_without_outputs(notebook: dict[str, Any]) -> None:
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
