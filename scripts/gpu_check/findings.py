"""What parts are told, and what they answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Facts = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Setting:
    """`device`: as torch names it; `quick`: small sizes and mini nets; `folder`: for files that are thrown away."""

    device: str
    quick: bool
    folder: str

    @property
    def on_cuda(self) -> bool:
        """Whether it is a GPU that is checked."""
        return self.device.startswith("cuda")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types that nets compute in there; "tf32" is float32 whose products may be rounded."""
        return ("float32", "tf32", "bfloat16", "float16") if self.on_cuda else ("float32", "bfloat16")

    @property
    def weights(self) -> Path:
        """Pascal VOC's net with the formula's weights; the part `weights` makes it."""
        return Path(self.folder) / "weights.caffemodel"

    @property
    def side(self) -> int:
        """A tile's height and width."""
        return 436 if self.quick else 900


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a part's table; `wrong` says what is not as it has to be."""

    name: str
    facts: Facts = field(default_factory=dict)
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A part that has run: its findings, and why it ended early if it did."""

    part: str
    parity: bool
    seconds: float
    findings: tuple[Finding, ...]
    error: str = ""

    @property
    def wrong(self) -> tuple[str, ...]:
        """All that is not as it has to be."""
        found = tuple(f"{finding.name}: {finding.wrong}" for finding in self.findings if finding.wrong)
        return (*((self.error,) if self.error else ()), *found)
