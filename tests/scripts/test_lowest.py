"""`scripts/test --lowest` runs with the lowest versions that pyproject.toml takes: the two files agree."""

from __future__ import annotations

import tomllib

from tests.places import ROOT


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_every_dependency_is_pinned_at_its_lower_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = dict(requirement.split(">=") for requirement in project["dependencies"])
    lowest = pins("constraints-lowest.txt")
    assert set(bounds) <= set(lowest)
    for name, bound in bounds.items():
        assert (lowest[name] + ".").startswith(bound + "."), name


def test_ci_runs_both() -> None:
    commands = (ROOT / ".ci/run").read_text().splitlines()
    assert "scripts/test --slow" in commands
    assert "scripts/test --lowest" in commands
