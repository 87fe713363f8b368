"""The page that `verify` writes: verdict, every blob's error, the image and both label maps, and what was run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from converter.dilatednet.zoo import Model
from converter.errors import OutputError
from converter.report import page
from converter.verify.check import Check
from converter.verify.error_chart import error_chart
from converter.verify.label_maps import Maps, covered_part, input_image, label_maps
from converter.verify.provenance import file_facts, machine_facts
from converter.verify.verify import Verifier
from reference.compare import Comparison

Array: TypeAlias = "np.ndarray[Any, Any]"
Pixels: TypeAlias = npt.NDArray[np.uint8]

_MOST_IMAGES = 12
_HEAD = ("blob", "shape", "max |diff|", "relative", "rms", "worst at", "arg-max", "tolerance", "verdict")


@dataclass(frozen=True, slots=True)
class Case:
    """One input's checks; `image` is uint8 (h, w, 3) R, G, B where it was one, `inputs` what was stored to be fed."""

    title: str
    checks: tuple[Check, ...]
    image: Pixels | None = None
    inputs: Mapping[str, Array] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every check of this input passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Run:
    """What the page says about the run as a whole.

    Attributes:
        verdict: the sentence that the command ends with, after PASS or FAIL.
        files: kind and path of every file read.
        seconds: how long it took.
        seed: of random inputs and fillers.
        model: the published net that this one is, if it is one.
    """

    verdict: str
    files: tuple[tuple[str, str], ...]
    seconds: float
    seed: int
    model: Model | None = None


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse before any work what could not be written after it.

    Raises:
        OutputError: the folder is missing or not writable, or the name is a folder's.
    """
    if Path(path).is_dir():
        raise OutputError("is a folder; name a file", path=os.fspath(path))
    folder = Path(path).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError("cannot write here: no such folder, or not writable; name another", path=os.fspath(path))


def write_report(path: str | os.PathLike[str], verifier: Verifier, cases: Sequence[Case], run: Run) -> None:
    """Write the page, whole or not at all.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
        ConversionError: a file that was verified has gone.
    """
    name = verifier.net.name or Path(verifier.prototxt).name
    page.write_page(path, f"Parity of {name}", _body(verifier, cases, run))


def _body(verifier: Verifier, cases: Sequence[Case], run: Run) -> Iterator[str]:
    passed = all(case.passed for case in cases)
    yield page.verdict(passed, "PASS" if passed else "FAIL", run.verdict)
    # A long list of images keeps every failing one and the first few of the others.
    shown = [case for index, case in enumerate(cases) if index < _MOST_IMAGES or not case.passed]
    for case in shown[: 4 * _MOST_IMAGES]:
        yield f"<h2>{page.escape(case.title)}</h2>"
        yield from _labels(case, verifier, run.model)
        for check in case.checks:
            yield from _check(check)
    hidden = len(cases) - len(shown[: 4 * _MOST_IMAGES])
    if hidden:
        yield f'<p class="quiet">{hidden} more inputs were checked and are counted in the verdict, not shown.</p>'
    yield "<h2>What was run</h2>"
    yield page.facts(_facts(verifier, cases, run))


def _facts(verifier: Verifier, cases: Sequence[Case], run: Run) -> Iterator[tuple[str, str]]:
    for kind, path in run.files[: 4 * _MOST_IMAGES]:
        yield file_facts(kind, path)
    if verifier.origin:
        yield "origin of the weights", verifier.origin
    yield from machine_facts(verifier.device)
    yield "dtype", f"{verifier.dtype}, against float64"
    yield "seed", str(run.seed)
    yield "inputs", f"{len(cases)}, {run.seconds:.1f} s in all"


def _check(check: Check) -> Iterator[str]:
    found = check.comparison
    first = found.first_divergence
    told = "every blob within its tolerance" if first is None else f"first divergence: {first.blob}, {first.reason}"
    yield f"<h3>{page.escape(check.title)}</h3>"
    for line in (told, *check.findings, *check.information):
        yield f'<p class="quiet">{page.escape(line)}</p>'
    yield error_chart(found)
    yield page.details(f"Table of {len(found.rows)} blobs", _table(found))


def _table(found: Comparison) -> str:
    rows = [
        (
            row.blob,
            "×".join(map(str, row.shape)),
            *(f"{value:.2e}" for value in (row.difference, row.relative, row.rms)),
            ",".join(map(str, row.position)),
            "" if row.agreement is None else f"{row.agreement:.4%}",
            f"{row.tolerance:.1e}",
            "ok" if row.passed else f"FAIL: {row.reason}",
        )
        for row in found.rows
    ]
    bad = [index for index, row in enumerate(found.rows) if not row.passed]
    return page.table(_HEAD, rows, words=2, bad=bad)


def _labels(case: Case, verifier: Verifier, model: Model | None) -> Iterator[str]:
    """The image, the two sides' labels and their difference, and any third side's labels."""
    image = _image(case, verifier, model)
    size = image.shape[:2] if image is not None and model is not None else None
    maps = [label_maps(check.expected, check.actual, model, size) for check in case.checks]
    figures = [] if image is None else [page.figure(image, "the image, as far as this run covers it")]
    for index, (check, found) in enumerate(zip(case.checks, maps, strict=True)):
        figures += _figures(check.title, found, whole=index == 0)
    if figures:
        yield page.gallery(figures)
    if maps and maps[0] is not None:
        yield page.legend(maps[0].present())


def _figures(title: str, maps: Maps | None, *, whole: bool) -> list[str]:
    """Both sides' labels and their difference, which alone do where `whole` is false; `title` says "A against B"."""
    if maps is None:
        return []
    actual, _, expected = title.partition(" against ")
    told = f"{maps.differing_pixels:,} of {maps.actual.size:,} pixels differ ({actual} against {expected})"
    labels = [
        page.figure(maps.colors[maps.actual], f"{actual}: label map", cells=True),
        page.figure(maps.colors[maps.expected], f"{expected}: label map", cells=True),
    ]
    return [*(labels if whole or maps.differing_pixels else []), page.figure(maps.difference(), told, cells=True)]


def _image(case: Case, verifier: Verifier, model: Model | None) -> Pixels | None:
    """What to show beside the label maps: the image's part that the first tile covers, or the stored input."""
    shapes = [shape for shape in verifier.plan.inputs.values() if len(shape) == 4 and shape[1] == 3]
    if not shapes or model is None:
        return case.image
    if case.image is not None:
        return covered_part(case.image, (shapes[0][2], shapes[0][3]))
    if len(case.inputs) == 1:
        (x,) = case.inputs.values()
        return input_image(x[0], model) if x.ndim == 4 and min(x.shape[2:]) > 2 * 186 else None
    return None
