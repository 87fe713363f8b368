"""scripts/check's look at licenses: every package that is needed at run time, and a refusal."""

from __future__ import annotations

import pytest

from scripts import _licenses as licenses


def test_what_is_needed_by_what_is_needed_is_listed_too() -> None:
    found = licenses.closure(["requests>=2.31", "numpy"])
    assert {"requests", "numpy", "urllib3", "certifi"} <= found
    assert "pytest" not in found


def test_extras_are_left_out() -> None:
    assert licenses.closure(['pytest>=8; extra == "tests"', "no-such-package-anywhere"]) == set()


def test_all_are_permissive_and_one_that_is_not_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(licenses, "audit", lambda: None)
    assert licenses.main() == 0
    assert "numpy" in capsys.readouterr().out
    monkeypatch.setattr(licenses, "license_of", lambda name: "GPL-3.0" if name == "tqdm" else "MIT")
    assert licenses.main() == 1
    assert "tqdm" in capsys.readouterr().err


def test_a_license_is_read_from_field_or_classifier() -> None:
    assert "BSD" in licenses.license_of("numpy")
    assert "MIT" in licenses.license_of("pytest")
