"""`scripts/faults`: every command that writes, broken off in every way; a table goes to benchmarks/faults.md.

Exit code 1 where something is left that should not be.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from scripts.faulting import disk_faults, faults
from scripts.faulting.child import run_whole
from scripts.faulting.disks import other_device
from scripts.faulting.judging import Bench, Tally
from scripts.faulting.operations import OLD, Operation, operations, prepare
from scripts.faulting.server import serving

PAGE = Path(__file__).resolve().parents[2] / "benchmarks" / "faults.md"
_KILLS = {"convert": 40, "download": 40, "features": 15, "train": 10, "solve": 15, "evaluate": 15, "score": 20}
"""How often each is killed in time: 335 in all, most of them where a run is short; training so by every signal."""


def main() -> int:
    """Break everything, print, write the page."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every fault once or twice, and no page")
    parser.add_argument("--only", nargs="+", default=[], metavar="OPERATION", help="convert, download, features, …")
    parser.add_argument("--signals", action="store_true", help="signals alone, and no page")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default 0)")
    given = parser.parse_args()
    begun, found = time.monotonic(), []
    for tally in break_all(given.seed, tuple(given.only), quick=given.quick, signals=given.signals):
        found.append(tally)
        print(row(tally), flush=True)
        for text in tally.wrong:
            print(f"  WRONG: {text}", flush=True)
    if not (given.quick or given.only or given.signals):
        PAGE.write_text(page(found, given.seed, time.monotonic() - begun), encoding="utf-8")
    return 1 if any(tally.wrong for tally in found) else 0


def break_all(seed: int, only: tuple[str, ...] = (), *, quick: bool = False, signals: bool = False) -> Iterator[Tally]:
    """Every command with every fault that it can meet, or with `signals` alone."""
    for name in ("torch", "h5py", "converter.pytorch.loading", "converter.dilatednet.training.run"):
        __import__(name)  # once, before the processes begin
    with tempfile.TemporaryDirectory(prefix="faults") as folder, serving():
        material, log = Path(folder) / "material", Path(folder) / "log"
        material.mkdir()
        end = run_whole(lambda: prepare(material), log)
        if end.code:
            raise RuntimeError(f"the material could not be made: {end.errors}")
        for operation in operations(material):
            if not only or operation.name.split()[0] in only:
                bench = _bench(operation, material, log, Random(f"{seed} {operation.name}"))
                yield from _signals(bench, quick)
                if not signals:
                    yield from _break_one(bench, material, quick)


def _bench(operation: Operation, material: Path, log: Path, draw: Random) -> Bench:
    """An operation with what it leaves when nothing breaks it off."""
    whole = material / f"whole {operation.name}"
    whole.mkdir()
    end = run_whole(lambda: operation.run(whole), log)
    wanted = operation.result(whole)
    if end.code or not wanted:
        raise RuntimeError(f"{operation.name} does not run unbroken: {end.errors}")
    return Bench(operation, wanted, end.seconds, log, draw)


def _signals(bench: Bench, quick: bool) -> Iterator[Tally]:
    """SIGKILL and SIGINT; SIGTERM too, as often, where training answers it by saving."""
    kind = bench.operation.name.split()[0]
    times, trained = 2 if quick else _KILLS[kind], kind == "train"
    yield faults.kill(bench, times)
    yield faults.kill(bench, times if trained else max(1, times // 8), signal.SIGINT)
    if trained:
        yield faults.kill(bench, times, signal.SIGTERM)


def _break_one(bench: Bench, material: Path, quick: bool) -> Iterator[Tally]:
    """All that is no signal."""
    yield disk_faults.no_room(bench, 1 if quick else 4)
    yield disk_faults.full_disk(bench)
    yield disk_faults.read_only(bench)
    yield disk_faults.failing_writes(bench)
    yield disk_faults.failing_calls(bench)
    yield disk_faults.another_device(bench, material)
    yield faults.closed_pipe(bench)
    if bench.operation.name.startswith("convert"):
        yield disk_faults.failing_reads(bench, material / "source.caffemodel")
    if bench.operation.target:
        yield from _targets(bench, material, quick)


def _targets(bench: Bench, material: Path, quick: bool) -> Iterator[Tally]:
    yield faults.two_at_once(bench, 1 if quick else 5)
    yield faults.odd_target(bench, "target a folder", lambda path: path.mkdir(), "refused")
    yield faults.odd_target(bench, "target a link", lambda path: path.symlink_to(material / "linked"), "done")
    yield faults.odd_target(bench, "target a dangling link", lambda path: path.symlink_to("nowhere"), "done")
    if (elsewhere := other_device(material)) is not None:
        kind = "target a link to another device"
        yield faults.odd_target(bench, kind, lambda path: path.symlink_to(elsewhere / "file"), "done")
        shutil.rmtree(elsewhere)
    if bench.operation.name == "convert .caffemodel":
        source = material / "source.caffemodel"
        yield faults.odd_target(bench, "target the source", lambda path: path.symlink_to(source), "refused")
        yield faults.odd_target(bench, "target the source, linked", lambda path: os.link(source, path), "refused")


def row(tally: Tally) -> str:
    """A line for the terminal."""
    told = ", ".join(f"{name} {count}" for name, count in sorted(tally.outcomes.items()))
    return f"{tally.operation:20} {tally.fault:26} {told}"


def page(found: list[Tally], seed: int, seconds: float) -> str:
    """The page: operation, fault, outcomes."""
    killed = [tally.outcomes for tally in found if tally.fault == "SIGKILL"]
    kills, late = (sum(outcomes[name] for outcomes in killed) for name in ("ended by SIGKILL", "done"))
    wrong = sum(len(tally.wrong) for tally in found)
    head = [
        "# Commands broken off", "",
        f"Made by `scripts/faults` (seed {seed}, {seconds:.0f} s): {kills} runs ended by SIGKILL at a random moment "
        f"(another {late} were done by then), and other faults; {wrong} left what should not be. After a kill the "
        "command is run again and must give what an unbroken run gives. Where one file is written, "
        f"`{OLD.decode()}` is there before: afterwards the old file or the new one stands there, whole. Refused: exit "
        "code 2 and one line. Writing or reading fails: a loop device whose blocks the kernel cannot write or read, "
        "so that it says EIO, and SIGBUS where the source is mapped; `.safetensors` are not waited for, so done before "
        "it tries. A call fails: Python's fsync, link, rename and replace raise EIO, one after the other.", "",
        "| operation | fault | outcomes | wrong |", "|---|---|---|---|",
    ]  # fmt: skip
    rows = [
        f"| {tally.operation} | {tally.fault} | "
        f"{', '.join(f'{name} {count}' for name, count in sorted(tally.outcomes.items()))} | {len(tally.wrong) or ''} |"
        for tally in found
    ]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    sys.exit(main())
