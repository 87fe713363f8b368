"""Say how many prototxts below a folder read and build, and which types and fields stand in the way."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from converter.errors import ConversionError, UnsupportedLayerError
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net, upgrade_solver
from converter.net.net import Net, build_net
from converter.plan.plan import build_plan


@dataclass(slots=True)
class Tally:
    """What was counted; `own` is about nets that declare their inputs and hold no Python layer."""

    files: int = 0
    nets: int = 0
    solvers: int = 0
    built: int = 0
    own: int = 0
    own_built: int = 0
    unread: list[str] = field(default_factory=list)
    unbuilt: list[str] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def own_share(self) -> float:
        """Of the nets that declare their inputs and hold no Python layer, the part that builds."""
        return self.own_built / self.own if self.own else 1.0


def main() -> int:
    """Read, build, print; 0 whatever was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="looked through for *.prototxt and *.pbtxt, folders below included")
    parser.add_argument("--failures", action="store_true", help="also name each file that does not build, and why")
    arguments = parser.parse_args()
    tally = survey(prototxts(arguments.folder))
    show(tally, arguments.failures)
    return 0


def prototxts(folder: Path) -> list[Path]:
    """Every text file of a net or solver below a folder."""
    found = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if path.suffix in {".prototxt", ".pbtxt", ".pt"})


def survey(paths: Iterable[Path]) -> Tally:
    """Read and build each file."""
    tally = Tally()
    for path in paths:
        tally.files += 1
        try:
            notes: list[str] = []
            record = upgrade_net(read_prototxt(path), notes)
            whole = build_net(record, phase=None)
        except ConversionError as error:
            solver = is_solver(path)
            tally.solvers += solver
            if not solver:
                tally.unread.append(str(error))
            continue
        tally.nets += 1
        try_build(record, whole, tally)
    return tally


def is_solver(path: Path) -> bool:
    """Whether the file reads as a solver's settings."""
    try:
        upgrade_solver(read_prototxt(path, "SolverParameter"))
    except ConversionError:
        return False
    return True


def try_build(record: Record, whole: Net, tally: Tally) -> None:
    """Build for the test phase with the shapes that the file states."""
    types = {layer.type for layer in whole.layers}
    own = "Input" in types and "Python" not in types
    tally.own += own
    try:
        plan = build_plan(build_net(record, phase="test"), allow_unknown=True)
    except ConversionError as error:
        tally.unbuilt.append(f"{'own inputs' if own else 'fed or Python'}: {error}")
        if isinstance(error, UnsupportedLayerError):
            tally.types.update(error.types)
        return
    tally.built += 1
    tally.own_built += own
    tally.fields.update({item.path for item in plan.leftovers} | {item.name for item in whole.unknown})


def show(tally: Tally, failures: bool) -> None:
    """Print the tally."""
    read = tally.nets + tally.solvers
    print(f"files   {tally.files}")
    print(f"read    {read} ({percent(read, tally.files)}): {tally.nets} nets, {tally.solvers} solvers")
    print(f"built   {tally.built} of {tally.nets} nets ({percent(tally.built, tally.nets)})")
    print(
        f"        {tally.own_built} of {tally.own} nets with inputs of their own and no Python layer "
        f"({percent(tally.own_built, tally.own)})"
    )
    listing("does not read", tally.unread)
    listing("unknown types, by files", (f"{count:5} {name}" for name, count in tally.types.most_common()))
    listing("fields left over, by files", (f"{count:5} {name}" for name, count in tally.fields.most_common()))
    if failures:
        listing("does not build", tally.unbuilt)


def percent(part: int, whole: int) -> str:
    """A share as text."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def listing(title: str, lines: Iterable[str]) -> None:
    """A titled list; nothing where it is empty."""
    lines = list(lines)
    if lines:
        print(f"\n{title}:")
        print("\n".join(f"  {line}" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
