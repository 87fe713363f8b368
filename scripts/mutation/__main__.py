"""The command: which modules, how many mutants, where results are kept."""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from scripts.mutation.mutants import Mutant, mutants
from scripts.mutation.report import read_reasons, survivors, table
from scripts.mutation.results import Results, Verdict, digest
from scripts.mutation.table import NAMED, tests_of
from scripts.mutation.tree import sources
from scripts.mutation.trial import Trial

ROOT = Path(__file__).resolve().parent.parent.parent
ABOUT = """# Mutants

`scripts/mutate` changes one place of a module at a time (a number, a comparison, an operator, `and`, `not`, True, a
default, a call or an assignment left out, `min` for `max`) and runs the tests that call the changed function. {figures}
"""


def arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument("--modules", nargs="*", metavar="FILE", help="default: those that table.py names")
    parser.add_argument("--random-modules", type=int, metavar="N", help="and N others (default 20; 0 with --modules)")
    parser.add_argument("--sample", type=int, metavar="N", help="at most N mutants a module, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of both draws (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default 2)")
    parser.add_argument("--limit", type=float, default=20.0, metavar="SECONDS", help="of a run beyond its tests' time")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutants", help="results and copies of the tree")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project (default: this one)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the report there, as Markdown")
    return parser.parse_args(line)


def modules(args: argparse.Namespace, root: Path) -> list[str]:
    """The modules named, and others drawn at random of those that can be changed at all."""
    named = list(NAMED) if args.modules is None else args.modules
    count = args.random_modules if args.random_modules is not None else 20 * (args.modules is None)
    others = sorted((file for file in sources(root) if file not in named), key=lambda file: _draw(args.seed, file))
    drawn = islice((file for file in others if listed(root, file, None, 0)), count)
    return [*named, *sorted(drawn)]


def _draw(seed: int, file: str) -> str:
    """A module's place in the draw, which other modules do not change."""
    return hashlib.sha256(f"{seed} {file}".encode()).hexdigest()


def listed(root: Path, file: str, sample: int | None, seed: int) -> list[Mutant]:
    """A module's mutants, or a sample of them."""
    found = mutants(file, (root / file).read_text(encoding="utf-8"))
    drawn = list(found)
    random.Random(f"{seed} {file}").shuffle(drawn)  # so that a smaller sample is a part of a larger one
    return sorted(drawn[:sample], key=lambda mutant: mutant.line)


def tried(args: argparse.Namespace) -> list[tuple[Mutant, Verdict]]:
    """Every verdict, kept ones first; a copy of the tree is worked on, for the tree itself may change meanwhile."""
    args.out.mkdir(parents=True, exist_ok=True)
    results = Results(args.out / "results.json")
    trial = Trial(args.root, args.out, args.jobs, args.limit)
    root = trial.trees[0]
    found: list[tuple[Mutant, Verdict]] = []
    for file in modules(args, root):
        tests = tests_of(file, root)
        made = digest(root, tests)
        every = listed(root, file, args.sample, args.seed)
        known = {mutant.text: results.verdict(mutant, made) for mutant in every}
        waiting = [mutant for mutant in every if known[mutant.text] is None]
        if waiting:
            record = trial.record(file, tests, args.out / f"calls-{made}.json")
            for mutant, verdict in trial.verdicts(waiting, record):
                known[mutant.text] = verdict
                results.keep(mutant, verdict, made)
        found += [(mutant, verdict) for mutant in every if (verdict := known[mutant.text])]
        _tell(file, [(mutant, verdict) for mutant, verdict in found if mutant.file == file])
    return found


def _tell(file: str, found: Sequence[tuple[Mutant, Verdict]]) -> None:
    alive = [mutant.key for mutant, verdict in found if verdict == "survived"]
    words = [f"{file}: {len(found)} tried, {len(found) - len(alive)} killed", *alive]
    print("\n  ".join(words), file=sys.stderr, flush=True)


def main(line: Sequence[str] | None = None) -> int:
    """Try, print, write."""
    args = arguments(line)
    args.root, args.out = args.root.resolve(), args.out.resolve()
    found = tried(args)
    reasons = read_reasons(Path(__file__).parent / "reasons.txt")
    text = f"{table(found, reasons)}\n\n{survivors(found, reasons)}"
    print(text)
    if args.write:
        most = "all mutants" if args.sample is None else f"at most {args.sample} mutants a module, seed {args.seed}"
        args.write.write_text(f"{ABOUT.format(figures=f'This run: {most}.')}\n{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
