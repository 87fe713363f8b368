"""scripts/gpu-check: parts on their own time in their own processes, a report after each, an exit code of parity."""

import json
import time

import pytest

from scripts.gpu_check import __main__ as command
from scripts.gpu_check.findings import Finding, Outcome, Setting
from scripts.gpu_check.parts import PARTS, WHOLE, Part
from scripts.gpu_check.report import markdown, verdict
from scripts.gpu_check.running import run_part

NAMES = [part.name for part in PARTS]


def setting(folder) -> Setting:
    return Setting("cpu", True, str(folder))


def test_the_parts_fit_into_ten_minutes():
    assert sum(part.limit for part in PARTS) <= 600 and WHOLE < 600


def test_a_part_tells_its_findings(tmp_path):
    outcome = run_part(Part("environment", 60, ""), setting(tmp_path), 60)

    assert not outcome.error and [finding.name for finding in outcome.findings] == ["versions", "machine"]
    assert outcome.findings[0].facts["torch"].startswith("2.")


def test_a_part_that_runs_out_of_time_is_ended(tmp_path):
    began = time.perf_counter()

    outcome = run_part(Part("layers", 60, "", parity=True), setting(tmp_path), 0.2)

    assert outcome.error == "ran out of its 0 s" and time.perf_counter() - began < 30


def test_a_part_that_fails_says_why(tmp_path):
    outcome = run_part(Part("nonesuch", 60, ""), setting(tmp_path), 60)

    assert outcome.error == "ModuleNotFoundError: No module named 'scripts.gpu_check.checks.nonesuch'"


def answers(**outcomes: Outcome):
    """In place of running: a part's outcome by its name, else one without findings."""
    return lambda part, *_: outcomes.get(part.name, Outcome(part.name, part.parity, 1.0, ()))


WRONG = Finding("TanH_00 out:y, float32", {"error": 0.5}, "more than 2.0e-05")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome("layers", True, 1.0, (WRONG,)), 1),
        (Outcome("layers", True, 1.0, (), "ran out of its 90 s"), 1),
        (Outcome("tile", False, 1.0, (), "ran out of its 90 s"), 0),
        (Outcome("tile", False, 1.0, (Finding("float32, fast", {"ms": 3.0}),)), 0),
    ],
)
def test_the_exit_code_is_that_of_parity(outcome, code, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OUT", str(tmp_path))
    monkeypatch.setattr(command, "run_part", answers(**{outcome.part: outcome}))

    assert command.main(["--device", "cpu", "--quick"]) == code

    kept = json.loads((tmp_path / "gpu-check-cpu-quick.json").read_text())
    assert [part["part"] for part in kept["parts"]] == NAMES
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == NAMES
    text = (tmp_path / "gpu-check-cpu-quick.md").read_text()
    assert text.index("| part |") < text.index("## environment")


def test_a_device_that_is_not_there_is_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("OUT", str(tmp_path / "out"))

    assert command.main(["--device", "cuda:97"]) == 2

    assert capsys.readouterr().err.startswith("gpu-check: device 'cuda:97' cannot be used: ")
    assert not (tmp_path / "out").exists()


def test_the_report_names_what_is_wrong():
    found = [Outcome("layers", True, 2.0, (Finding("float32", {"goldens": 2}), WRONG)), Outcome("tile", False, 1.0, ())]

    assert verdict(found[0]) == "**failed**: TanH_00 out:y, float32: more than 2.0e-05"
    assert markdown("cpu", found).splitlines()[6:] == [
        "| layers | every layer's golden, forward and gradients | "
        "**failed**: TanH_00 out:y, float32: more than 2.0e-05 | 2 |",
        "| tile | a tile in each type, beside torch and the card's own product | done | 1 |",
        "",
        "## layers",
        "",
        "|  | goldens | error | wrong |",
        "|---|---|---|---|",
        "| float32 | 2 |  |  |",
        "| TanH_00 out:y, float32 |  | 0.5 | more than 2.0e-05 |",
        "",
        "## tile",
        "",
        "Nothing found.",
    ]


@pytest.mark.slow
def test_a_rehearsal_on_the_cpu_passes(monkeypatch, tmp_path):
    monkeypatch.setenv("OUT", str(tmp_path))

    assert command.main(["--device", "cpu", "--quick", "--patience", "10"]) == 0

    parts = json.loads((tmp_path / "gpu-check-cpu-quick.json").read_text())["parts"]
    assert [part["part"] for part in parts] == NAMES
    assert {part["part"]: part["verdict"] for part in parts if part["verdict"] not in ("ok", "done")} == {}
    assert all(part["findings"] for part in parts)
