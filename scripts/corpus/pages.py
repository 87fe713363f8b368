"""A survey as text, as a page of markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from converter.errors import printable
from converter.net.net import Shape
from scripts.corpus.known import DATA_SETS, FAULTS, GIVEN, MEANINGS, Given
from scripts.corpus.survey import DEPLOY, OTHER, TRAINING, Survey

HEAD = """# Coverage

Written by `scripts/corpus-report FOLDER --markdown docs/coverage.md` for a folder of public prototxts (not part of this
project); a test holds it current. Paths are relative to that folder. A net builds when every layer of it is known and
every shape fits; no weights are read.
"""
KINDS = {
    DEPLOY: "nets with inputs of their own and no Python layer, test phase",
    TRAINING: "phases of training nets with a data layer and no unknown Python layer",
    OTHER: "nets with unknown Python layers, or without inputs that are known",
}
GUESSED = """\
Shapes that neither a training net nor its mean file states are given: for images those of the data set that the source
names ({}), else 1×3×224×224, or,
where a net does not build with it, the first of a few usual sizes that it builds with; labels have the shape that their
loss needs; one number an item for the rest. A template's open places are filled with 64.
{} of the phases needed that. A few files need what only someone who has their data knows:"""
LEFT_OVER = """\
`load`, `convert` and `verify` refuse a net with such a field; with `--allow-unknown` (`allow_unknown=True`) they go on
without it and name it in their notes."""
FAULT = "the file itself is at fault: "


def as_text(found: Survey, *, failures: bool) -> str:
    """The report that is printed."""
    read, nets = len(found.nets) + len(found.solvers), len(found.nets)
    lines = [
        f"files   {found.files}",
        f"read    {read} ({percent(read, found.files)}): {nets} nets, {len(found.solvers)} solvers",
        f"built   {found.whole_nets()} of {nets} nets ({percent(found.whole_nets(), nets)})",
    ]
    for kind in (DEPLOY, TRAINING):
        built, tried = found.built(kind), len(found.of_kind(kind))
        lines.append(f"        {built} of {tried} {KINDS[kind]} ({percent(built, tried)})")
    lines += _listing("does not read", found.unread.values())
    lines += _listing("unknown types, by files", (f"{n:5} {name}" for name, n in found.types().most_common()))
    lines += _listing("fields left over, by files", (f"{n:5} {name}" for name, n in found.fields().most_common()))
    if failures:
        lines += _listing("does not build", (f"{t.kind}, {t.phase}: {t.error}" for t in found.trials if t.error))
    return "\n".join(map(printable, lines))


def as_markdown(found: Survey) -> str:
    """The page."""
    guessed = sum(bool(trial.given) for trial in found.of_kind(TRAINING))
    return "\n".join(
        [
            HEAD,
            *_summary(found),
            "",
            GUESSED.format(_data_sets(), guessed),
            "",
            *_table(("files", "phase", "shapes", "why"), map(_given_row, GIVEN)),
            "",
            "## Unknown types",
            "",
            *_table(("type", "files"), _sorted_counts(found.types())),
            "",
            "## Fields that no layer reads",
            "",
            LEFT_OVER,
            "",
            *_table(
                ("field", "files", "without it"),
                ((name, count, MEANINGS.get(name, "not known")) for name, count in _sorted_counts(found.fields())),
            ),
            "",
            "## Files that do not read",
            "",
            *_table(("file", "reason"), ((path, _reason(text, path)) for path, text in found.unread.items())),
            "",
            "## Nets that do not build",
            "",
            *_table(
                ("file", "phase", "reason"),
                ((t.file, t.phase, _reason(t.error, t.file)) for t in found.trials if t.error),
            ),
            "",
        ]
    )


def as_json(found: Survey) -> str:
    """The same, and every net in every phase."""
    counts = {kind: {"built": found.built(kind), "tried": len(found.of_kind(kind))} for kind in KINDS}
    told = {
        "files": found.files,
        "nets": len(found.nets),
        "solvers": len(found.solvers),
        "whole_nets_built": found.whole_nets(),
        **counts,
        "unknown_types": dict(_sorted_counts(found.types())),
        "fields_left_over": dict(_sorted_counts(found.fields())),
        "unread": found.unread,
        "at_fault": found.faults(),
        "trials": [asdict(trial) for trial in found.trials],
    }
    return json.dumps(told, indent=1, ensure_ascii=True) + "\n"


def percent(part: int, whole: int) -> str:
    """A share as text."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _summary(found: Survey) -> list[str]:
    read = len(found.nets) + len(found.solvers)
    nets = set(found.nets) & set(found.faults())
    rows = [
        ("files that read", *_share(read, found.files), len(set(found.unread) & set(found.faults()))),
        ("nets that build in every phase tried", *_share(found.whole_nets(), len(found.nets)), len(nets)),
        *(
            (KINDS[kind], *_share(found.built(kind), len(found.of_kind(kind))), len(found.faults(kind)))
            for kind in KINDS
        ),
    ]
    return _table(("what", "good", "of", "share", "at fault themselves"), rows)


def _data_sets() -> str:
    return ", ".join(f"{word} {_times(sizes)}" for word, sizes in DATA_SETS.items())


def _given_row(item: Given) -> tuple[str, str, str, str]:
    shapes = ", ".join(f"{name} {_times(shape)}" for name, shape in item.shapes.items())
    return item.files, item.phase or "both", shapes, item.why


def _times(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _share(part: int, whole: int) -> tuple[str, str, str]:
    return str(part), str(whole), percent(part, whole)


def _sorted_counts(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Most frequent first, then by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _reason(text: str, path: str) -> str:
    """An error's text without the path before it, on one line; before it, why the file itself is at fault."""
    told = " ".join(text.removeprefix(path).lstrip(":").split())
    return f"{FAULT}{FAULTS[path]} ({told})" if path in FAULTS else told


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    """A table of markdown; the word none where it has no rows."""
    lines = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    if not lines:
        return ["None."]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines]


def _cell(value: object) -> str:
    return printable(str(value)).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _listing(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A titled list; nothing where it is empty."""
    lines = list(lines)
    if lines:
        yield from ("", f"{title}:", *(f"  {line}" for line in lines))
