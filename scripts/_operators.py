"""Write converter/operators.md: every layer type, what it honours and refuses, and the goldens it passes."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from converter.formats.protobuf.schema import fields
from converter.formats.record import Record
from converter.layers.layer import Operator, operator_types
from converter.net.ignored_fields import INERT
from tests.case import OWN
from tests.ladder import Rung, rungs, setup

TARGET = ROOT / "converter" / "operators.md"
HEAD = """# Operators

Written by `scripts/operators` from the layers' docstrings, from the fields that their cases (`tests/cases`) show
them to read, and from the goldens; a test fails when it is stale. All {count} types climb the ladder of
`tests/test_ladder.py`: converter and oracle agree on {cases} cases in float64 and in float32, on {exact} of them with
whole numbers and exactly. Python layers of the user's own are not among them: the oracle runs none.

- *blobs*: names in the state dict, in Caffe's order.
- *in place*: the top may have the bottom's name.
- *gradient*: yes: autograd's, proved by finite differences; Caffe's: deliberately not the derivative, as Caffe has it;
  no: a choice or a count, or nothing goes in.
- *layers*, *forks*: how many stored answers of Caffe and of its forks (`tests/goldens`) hold the type; all pass.
- *refused*: fields of the same messages that the layer does not read: set, they are an error that names them, unless
  unknown fields are allowed. Fields that are not listed are unknown and refused likewise. A data layer accepts every
  field: it is fed what it would have read.

Fields that change no result may always be set:

{inert}

| type | what it is | blobs | in place | gradient | layers | forks |
|---|---|---|---|---|---|---|
{overview}

## Fields

| type | honoured | refused | source |
|---|---|---|---|
{details}
"""


@dataclass(slots=True)
class Entry:
    """What the cases of one type show."""

    operator: type[Operator]
    fields_read: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    blobs: list[str] = field(default_factory=list)
    shaped: list[bool] = field(default_factory=list)
    gradients: list[str] = field(default_factory=list)

    @property
    def in_place(self) -> bool:
        """Whether a single top is always shaped as the first bottom, and is no loss."""
        return bool(self.shaped) and all(self.shaped) and not self.operator.is_loss

    @property
    def gradient(self) -> str:
        """In a word."""
        if OWN in self.gradients:
            return "Caffe's" if all(self.gradients) else "yes; Caffe's in places"
        return "yes" if "" in self.gradients else "no"


def entries() -> dict[str, Entry]:
    """Each type's entry, by name."""
    found: dict[str, Entry] = {}
    with tempfile.TemporaryDirectory() as folder:
        for rung in rungs():
            _add(found, rung, Path(folder))
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def _add(found: dict[str, Entry], rung: Rung, folder: Path) -> None:
    step = setup(rung, folder).module.plan.step("it")
    registered = operator_types()[rung.type]
    entry = found.setdefault(registered.type, Entry(registered))
    entry.fields_read.update(step.operator.params.fields_read())
    entry.given.update(_paths(step.layer.record))
    entry.blobs.extend(blob.name for blob in step.operator.blobs if blob.name not in entry.blobs)
    if step.bottom_shapes and len(step.top_shapes) == 1:
        entry.shaped.append(step.top_shapes[0] == step.bottom_shapes[0])
    entry.gradients.append(rung.case.gradient)


def _paths(record: Record, path: str = "") -> Iterator[str]:
    for item in record:
        here = f"{path}.{item.name}" if path else item.name
        yield here
        if isinstance(item.value, Record):
            yield from _paths(item.value, here)


def refused(entry: Entry) -> list[str]:
    """Fields of the schema's messages that the layer reads without reading them; data layers accept all."""
    if entry.operator.is_input:
        return []
    layer = fields("LayerParameter")
    messages = [name for name in entry.fields_read if "." not in name and name in layer and name != "transform_param"]
    every = {f"{name}.{item}" for name in messages for item in fields(layer[name].kind or "")}
    return sorted(path for path in every - entry.fields_read if path.rpartition(".")[2] not in INERT)


def goldens(folder: str) -> dict[str, int]:
    """How many golden files below a folder hold each type."""
    counts: dict[str, int] = {}
    known = operator_types()
    for path in sorted((ROOT / "tests/goldens" / folder).rglob("*.prototxt")):
        names = {known[name].type for name in re.findall(r'type:\s*"(\w+)"', path.read_text()) if name in known}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts


def page() -> str:
    """The whole file."""
    found, layers, forks = entries(), goldens("layers"), goldens("forks")
    overview = (
        _row(_title(entry), _what(entry), ", ".join(entry.blobs), "yes" if entry.in_place else "", entry.gradient,
             str(layers.get(name, "")), str(forks.get(name, "")))
        for name, entry in found.items()
    )  # fmt: skip
    details = (_row(name, _honoured(entry), _code(refused(entry)), _source(entry)) for name, entry in found.items())
    return HEAD.format(
        count=len(found), inert="\n".join(f"- `{name}` {why}" for name, why in sorted(INERT.items())),
        cases=sum(not rung.case.oracle for rung in rungs()),
        exact=sum(not rung.case.oracle and not rung.case.exact for rung in rungs()),
        overview="\n".join(overview), details="\n".join(details),
    )  # fmt: skip


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _title(entry: Entry) -> str:
    others = sorted(name for name, cls in operator_types().items() if cls is entry.operator and name != cls.type)
    own = [name for name in others if not name.isupper()]
    return f"{entry.operator.type} ({', '.join(own)})" if own else entry.operator.type


def _what(entry: Entry) -> str:
    first = (sys.modules[entry.operator.__module__].__doc__ or "").splitlines()[0]
    return first.partition(": ")[2].rstrip(".") or first.rstrip(".")


def _honoured(entry: Entry) -> str:
    if entry.operator.is_input and entry.operator.type != "Input":
        return "all; shapes from " + (_code(_plain(entry.fields_read)) or "the caller")
    return _code(_plain(entry.fields_read))


def _plain(paths: Iterable[str]) -> list[str]:
    """Fields that hold values, a filler counting as one."""
    cut = {re.sub(r"(filler)\..*", r"\1", path) for path in paths}
    return sorted(path for path in cut if not any(other.startswith(f"{path}.") for other in cut))


def _code(paths: Iterable[str]) -> str:
    """Paths grouped by message: `convolution_param`: pad, stride."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        message, _, name = path.rpartition(".")
        groups.setdefault(message, []).append(name)
    return "; ".join(f"`{message}` {', '.join(names)}" if message else ", ".join(f"`{n}`" for n in names)
                     for message, names in sorted(groups.items()))  # fmt: skip


def _source(entry: Entry) -> str:
    text = re.sub(r"[ \n]+", " ", (entry.operator.__doc__ or "").replace("\n\n", "\0"))
    return "; ".join(match.strip().rstrip(".") for match in re.findall(r"Source: ([^\0]+)", text))


def main() -> int:
    """Write, or with --check compare; 1 where the file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether converter/operators.md is up to date")
    text = page() if parser.parse_args().check else ""
    if text:
        stale = not TARGET.exists() or TARGET.read_text() != text
        print(f"{TARGET.relative_to(ROOT)}: {'stale; run scripts/operators' if stale else 'up to date'}")
        return int(stale)
    TARGET.write_text(page())
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
