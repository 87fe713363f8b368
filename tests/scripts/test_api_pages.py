"""scripts/api-pages: the reference of every public name, built without a warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import converter
from tests.places import ROOT


def test_every_public_name_has_its_place_and_no_warning_comes(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    line = [sys.executable, str(ROOT / "scripts/_api_pages.py"), "-o", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "converter.html").read_text()
    missing = [
        name for name in converter.__all__ if f'id="{name}"' not in page and f"converter/{name}.html" not in page
    ]
    assert missing == []
    assert (tmp_path / "reference.html").is_file()
