"""docs/pycaffe.md: its script runs, and the calls of its table are there."""

import re
from pathlib import Path

import pytest

import converter
import converter.pycaffe as caffe
from converter.pytorch.caffe_module import CaffeModule
from converter.solver.solver import Solver
from tests.places import ROOT

PAGE = (ROOT / "docs" / "pycaffe.md").read_text()


def test_the_script_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(script, "docs/pycaffe.md", "exec"), {})


def test_the_tables_calls_are_there() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) >= 20
    old, new = (" ".join(column) for column in zip(*[(row[0], row[1]) for row in rows], strict=True))
    for name in re.findall(r"`caffe\.(\w+)", old):
        assert hasattr(caffe, name) or name == "draw", name
    for name in re.findall(r"\bnet\.(\w+)\(", old):
        assert hasattr(caffe.Net, name), name
    for name in re.findall(r"converter\.(\w+)\(", new):
        assert callable(getattr(converter, name)), name
    for name in ("blobs", "blob_parameter", "adopt", "state_dict"):
        assert f"net.{name}" in new and hasattr(CaffeModule, name)
    assert all(hasattr(Solver, name) for name in re.findall(r"`solver\.(\w+)\(", new))
