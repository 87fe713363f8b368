"""What a run of the benchmark is to do, and where."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDENS = ROOT / "tests" / "goldens"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """`folder` is for files that are made and thrown away; `say` tells how far the run is."""

    folder: Path
    rounds: int
    quick: bool
    say: Callable[[str], None]

    @property
    def prototxt(self) -> Path:
        """The net whose tiles are run: published size, or narrow."""
        nets = GOLDENS / "nets"
        mini = nets / "mini" / "dilation8_pascal_voc_mini.prototxt"
        return mini if self.quick else nets / "full" / "dilation8_pascal_voc.prototxt"

    @property
    def weights(self) -> Path:
        """The net's weights, made once by `tasks.making.formula`."""
        return self.folder / "weights.caffemodel"

    @property
    def side(self) -> int:
        """A tile's height and width in pixels."""
        return 436 if self.quick else 900


def note(words: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)
