"""scripts/faults: it sees what it looks for, and a round of every fault over two commands leaves nothing wrong."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from converter.files.atomic import atomic_write
from scripts.faulting import disk_faults, faults
from scripts.faulting.__main__ import page, row
from scripts.faulting.child import run_whole
from scripts.faulting.judging import Bench, Tally
from scripts.faulting.operations import Operation
from tests.places import ROOT

WHOLE = bytes(range(256)) * 400


def write_at_once(folder: Path) -> int:
    """A command that does it right."""
    try:
        with atomic_write(folder / "out") as file:
            file.write(WHOLE)
            time.sleep(0.2)
    except Exception:  # noqa: BLE001 - as the command line does with its own errors
        return 2
    print("done")  # noqa: T201
    return 0


def write_in_place(folder: Path) -> int:
    """A command that does it wrong: what stands there is gone before the new file is whole."""
    with (folder / "out").open("wb") as file:
        file.write(WHOLE[:9])
        file.flush()
        time.sleep(0.2)
        file.write(WHOLE[9:])
    return 0


def hide_the_interrupt(folder: Path) -> int:
    """A command that makes another error of Ctrl-C."""
    try:
        time.sleep(0.2)
    except KeyboardInterrupt:
        raise RuntimeError("unexpected pos") from None
    return write_at_once(folder)


def bench(run: Callable[[Path], int], tmp_path: Path) -> Bench:
    def result(folder: Path) -> dict[str, str]:
        path = folder / "out"
        return {"out": hashlib.sha256(path.read_bytes()).hexdigest()} if path.is_file() else {}

    whole = tmp_path / "whole"
    whole.mkdir()
    end = run_whole(lambda: run(whole), tmp_path / "log")
    assert end.code == 0, end.errors
    return Bench(Operation("made", run, result, "out"), result(whole), 0.15, tmp_path / "log", Random(0))


@pytest.mark.slow
def test_a_command_that_writes_at_once_passes_every_fault(tmp_path):
    made = bench(write_at_once, tmp_path)
    found = [faults.kill(made, 3), disk_faults.no_room(made, 2), disk_faults.failing_writes(made),
             disk_faults.failing_calls(made), disk_faults.another_device(made, tmp_path), disk_faults.full_disk(made),
             disk_faults.read_only(made), faults.two_at_once(made, 1), faults.closed_pipe(made),
             faults.odd_target(made, "target a folder", lambda path: path.mkdir(), "refused"),
             faults.odd_target(made, "target a link", lambda path: path.symlink_to("nowhere"), "done")]  # fmt: skip
    assert [tally.wrong for tally in found if tally.wrong and tally.fault != "stdout closed"] == []
    assert found[0].outcomes["ended by SIGKILL"] >= 1


def test_a_command_that_writes_in_place_is_caught(tmp_path):
    made = bench(write_in_place, tmp_path)
    assert "neither the old file nor the new one" in faults.kill(made, 3).wrong
    assert "neither the old file nor the new one" in disk_faults.no_room(made, 1).wrong


def test_what_goes_on_to_another_result_is_caught(tmp_path):
    made = bench(write_at_once, tmp_path)
    other = Bench(made.operation, {"out": "another"}, made.seconds, made.log, made.draw)
    assert any("goes on to another result: out" in text for text in faults.kill(other, 1, signal.SIGINT).wrong)


def test_a_foreign_exception_is_told_with_its_traceback(tmp_path):
    def stumble() -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    end = run_whole(stumble, tmp_path / "log")
    assert end.code == 70
    assert "Traceback" in end.errors


def test_the_page_counts_the_kills():
    killed = Tally("convert", "SIGKILL")
    killed.outcomes.update({"ended by SIGKILL": 5, "done": 2, "old file kept": 7})
    other = Tally("convert", "EIO", wrong=["leaves x"])
    text = page([killed, other], 3, 60)
    assert "5 runs ended by SIGKILL at a random moment (another 2 were done by then)" in text
    assert "1 left what should not be" in text
    assert "done 2, ended by SIGKILL 5, old file kept 7" in row(killed)


@pytest.mark.slow
def test_every_fault_over_two_commands_leaves_nothing_wrong():
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scripts.faulting", "--quick", "--only", "convert", "score"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SIGKILL") >= 6


def test_an_interrupt_that_becomes_another_error_is_wrong(tmp_path):
    tally = faults.kill(bench(hide_the_interrupt, tmp_path), 2, signal.SIGINT)
    assert any("unexpected pos" in wrong for wrong in tally.wrong)
