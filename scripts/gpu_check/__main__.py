"""The command line of `scripts/gpu-check`: runs the parts, prints the summary, keeps JSON and Markdown after each."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from scripts.benchmarks.machine import machine, versions
from scripts.gpu_check.findings import Outcome, Setting
from scripts.gpu_check.parts import PARTS, WHOLE
from scripts.gpu_check.report import markdown, verdict
from scripts.gpu_check.running import ROOT, run_part


def main(argv: Sequence[str] | None = None) -> int:
    """0: all parity parts hold; 1: one failed; 2: there is no such device."""
    arguments = _arguments(argv)
    reason = _missing(arguments.device)
    if reason:
        print(f"gpu-check: {reason}", file=sys.stderr)
        return 2
    out = Path(os.environ.get("OUT") or ROOT / "benchmarks" / "cuda")
    out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    ends = time.perf_counter() + WHOLE * arguments.patience
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
        setting = Setting(arguments.device, arguments.quick, folder)
        for part in PARTS:
            if arguments.only and part.name not in arguments.only:
                continue
            left = ends - time.perf_counter()
            outcomes.append(run_part(part, setting, max(1.0, min(part.limit * arguments.patience, left))))
            print(f"{part.name}: {verdict(outcomes[-1])} ({outcomes[-1].seconds:.0f} s)", flush=True)
            _keep(out, setting, outcomes)
    return int(any(outcome.wrong for outcome in outcomes if outcome.parity))


def _keep(out: Path, setting: Setting, outcomes: Sequence[Outcome]) -> None:
    """Write what is known so far, so that a run that is broken off is not lost."""
    stem = f"gpu-check{'' if setting.on_cuda else '-cpu'}{'-quick' if setting.quick else ''}"
    date, commit = time.strftime("%Y-%m-%d %H:%M"), versions()["commit"]
    about = {"device": setting.device, "quick": setting.quick, "date": date, "machine": machine(), "commit": commit}
    parts = [{**asdict(outcome), "verdict": verdict(outcome)} for outcome in outcomes]
    (out / f"{stem}.json").write_text(json.dumps({**about, "parts": parts}, indent=1) + "\n")
    heading = f"{setting.device}{', quick' if setting.quick else ''}; {date}; commit {commit}"
    (out / f"{stem}.md").write_text(markdown(heading, outcomes))


def _missing(device: str) -> str:
    """Why a device cannot be used; empty where it can."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (AssertionError, RuntimeError) as error:
        return f"device {device!r} cannot be used: {str(error).splitlines()[0]}; a rehearsal: --device cpu --quick"
    return ""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/gpu-check", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--device", default="cuda", help="cuda (default), cuda:N, or cpu for a rehearsal")
    parser.add_argument("--quick", action="store_true", help="mini nets and small sizes: a minute or two on a CPU")
    parser.add_argument("--only", action="append", choices=names, metavar="PART", help=f"one of {', '.join(names)}")
    parser.add_argument(
        "--patience", type=float, default=1, metavar="N", help="give every part N times its time: on a slow machine"
    )
    parser.epilog = "Results go to the folder that OUT names, else to benchmarks/cuda."
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
