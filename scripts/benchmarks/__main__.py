"""The benchmark's command line: which groups to measure, how often, and where the results go."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks import convert, cuda, load, nets, predict, python_paths, scaling, tile, trained
from scripts.benchmarks.machine import machine, versions
from scripts.benchmarks.processes import once
from scripts.benchmarks.rows import Row, table
from scripts.benchmarks.setting import ROOT, Setting, note

GROUPS = {
    "convert": convert.measure,
    "load": load.measure,
    "tile": tile.measure,
    "nets": nets.measure,
    "predict": predict.measure,
    "trained": trained.measure,
    "scaling": scaling.measure,
    "python_paths": python_paths.measure,
    "cuda": cuda.measure,
}


def main() -> int:
    """Measure, print one table, keep JSON, Markdown and plots."""
    arguments = _arguments()
    out = Path(arguments.output)
    out.mkdir(parents=True, exist_ok=True)
    work = ROOT / "out"
    work.mkdir(exist_ok=True)
    about = {"machine": machine(), "versions": versions(), "date": time.strftime("%Y-%m-%d %H:%M")}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=work) as folder:
        setting = Setting(Path(folder), arguments.rounds or (3 if arguments.quick else 5), arguments.quick, note)
        print(_heading(about, setting), flush=True)
        for group in _measured(setting, arguments.only or list(GROUPS)):
            rows += group
            note("")
            print(table(group), flush=True)
            _keep(out, about, setting, rows)
    return 0


def _keep(out: Path, about: dict[str, object], setting: Setting, rows: list[Row]) -> None:
    """Write what is known so far, so that a run that is broken off is not lost."""
    stem = "benchmark-quick" if setting.quick else "benchmark"
    kept = {**about, "quick": setting.quick, "rounds": setting.rounds, "rows": [row.data() for row in rows]}
    (out / f"{stem}.json").write_text(json.dumps(kept, indent=1) + "\n")
    (out / f"{stem}.md").write_text(f"{_heading(about, setting)}\n{table(rows)}")
    for plot in setting.folder.glob("*.svg"):
        (out / plot.name).write_text(plot.read_text())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="narrow nets and small files: seconds, not minutes")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=f"one of {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, help="how often each is measured (default 5, with --quick 3)")
    parser.add_argument("-o", "--output", default=str(ROOT / "benchmarks"), help="folder for the results")
    return parser.parse_args()


def _measured(setting: Setting, names: list[str]) -> Iterator[list[Row]]:
    """The rows of each group as soon as they are there."""
    setting.say("weights are made")
    width, fc_width = (4, 128) if setting.quick else (64, 4096)
    making = "scripts.benchmarks.tasks.making:formula"
    once(making, {"path": setting.weights, "width": width, "fc_width": fc_width})
    for name in names:
        yield GROUPS[name](setting)


def _heading(about: dict[str, object], setting: Setting) -> str:
    where, what = about["machine"], about["versions"]
    assert isinstance(where, dict)
    assert isinstance(what, dict)
    memory = where["memory_bytes"] / 2**30
    return (
        f"{where['processor']}, {where['cores']} cores, {memory:.0f} GiB, load {where['load_at_start']} at the start; "
        f"{', '.join(f'{name} {value}' for name, value in what.items())}; {about['date']}; "
        f"{setting.rounds} rounds, contestants in turn, medians; ratios are medians over rounds; "
        "memory of whole commands is not told below the 20 MB that the measuring process itself takes\n"
    )


if __name__ == "__main__":
    sys.exit(main())
