"""What came of each net of a batch, as a table for people and as report.json, from which a later run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from converter import __version__
from converter.errors import OutputError, printable
from converter.files.folder_record import write_json
from converter.files.json_text import parse_json

REPORT = "report.json"
Status = Literal["converted", "verified", "unchanged", "failed"]
_HEAD = ("net", "status", "formats", "error against the oracle", "what is wrong")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a net.

    Attributes:
        name: the weights' path below the folder, without its ending.
        status: "converted"; "verified": it had been converted before, and was verified now; "unchanged": what is there
            was made from the same files with the same options; "failed".
        error: what is wrong, where it failed.
        formats: each format that is there, with the SHA-256 of its files by their paths below the output folder.
        parity: relative error of each output against the oracle, where it was verified.
        sources: SHA-256 of "prototxt" and "weights".
        options: what it was converted with.
        notes: what a user should know.
        seconds: what it took this time.
    """

    name: str
    status: Status
    error: str = ""
    formats: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parity: Mapping[str, float] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BatchReport:
    """Every net's result, and the file that holds them."""

    path: Path
    results: tuple[Result, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """Those that failed."""
        return tuple(result for result in self.results if result.status == "failed")

    def table(self) -> str:
        """A line a net: its name, status, formats, worst relative error, and the first line of what is wrong."""
        rows = [_HEAD, *(_row(result) for result in self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(lines)


def _row(result: Result) -> tuple[str, ...]:
    """A table's cells."""
    worst = "" if result.parity is None else f"{max(result.parity.values(), default=0.0):.1e}"
    reason = printable(result.error).partition("\n")[0]
    return printable(result.name), result.status, ",".join(result.formats), worst, reason


def write_report(path: Path, results: Sequence[Result]) -> None:
    """Write every result as JSON, whole or not at all; raises OutputError."""
    write_json(path, {"version": __version__, "results": [asdict(result) for result in results]})


def read_report(path: Path) -> dict[str, Result]:
    """The results that an earlier run of this version left, by name; empty where there is none.

    Raises:
        OutputError: the file is no such report.
    """
    try:
        values = parse_json(path.read_text(encoding="utf-8"))
        entries = list(values["results"])
        earlier = [Result(**entry) for entry in entries] if values["version"] == __version__ else []
        if not all(isinstance(files, dict) for result in earlier for files in dict(result.formats).values()):
            raise TypeError("files of a format go by name")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        text = "is no report of an earlier run; move it, or name another folder"
        raise OutputError(text, path=str(path)) from error
    return {result.name: result for result in earlier}
