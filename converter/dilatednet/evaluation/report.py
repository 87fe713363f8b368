"""The page of `score` and `evaluate`: bars beside the paper's, the best and worst images, the confusion matrix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from converter.data.datasets.split import Sample
from converter.data.images import read_image
from converter.data.labels import VOID, VOID_COLOR, Labels
from converter.dilatednet.evaluation.results import Result
from converter.errors import ImageError
from converter.report import page
from converter.report.overlay import overlay

Pixels = npt.NDArray[np.uint8]
LabelsOf = Callable[[Sample], Labels]
"""An image's predicted labels, uint8 (h, w)."""

_BEST, _ROW, _SIDE = 10, 22, 512
_RIGHT, _WRONG, _UNSCORED = (214, 219, 224), (198, 47, 47), (120, 128, 136)


def write_report(path: str | os.PathLike[str], result: Result, predict_labels: LabelsOf) -> None:
    """Write the page, one file without addresses; `predict_labels` is asked for the best and the worst images only.

    Raises:
        OutputError: it cannot be written.
    """
    title = f"{result.split.layout.title} {result.split.name}: mean IoU {result.scores.mean:.2f} %"
    page.write_page(path, title, _body(result, predict_labels))


def _body(result: Result, predict_labels: LabelsOf) -> Iterator[str]:
    """The page from top to bottom."""
    yield from (f'<p class="quiet">Note: {page.escape(note)}.</p>' for note in result.split.notes)
    yield page.facts(_facts(result))
    yield "<h2>IoU by class, in per cent</h2>"
    yield _bars(result)
    by_score = result.by_iou()
    shown = min(_BEST, (len(by_score) + 1) // 2)
    yield "<h2>Best images</h2>"
    yield from _gallery(result, list(reversed(by_score[-shown:])), predict_labels)
    yield "<h2>Worst images</h2>"
    yield from _gallery(result, by_score[: min(_BEST, len(by_score) - shown)], predict_labels)
    yield page.legend(zip((*result.split.classes, "void"), (*result.split.colors, VOID_COLOR), strict=True))
    yield "<h2>Confusion</h2>"
    yield '<p class="quiet">Where the pixels of each true class (row) went, in per cent of the row.</p>'
    yield _confusion(result)


def _facts(result: Result) -> list[tuple[str, str]]:
    """Mean, the paper's mean, and what was run."""
    found, paper = result.scores, result.paper
    rows = [("mean IoU", f"{found.mean:.2f} %")]
    if paper:
        rows.append(("paper", f"{paper.mean:.1f} % ({paper.table}, {paper.name}): {found.mean - paper.mean:+.2f}"))
    if found.absent:
        rows.append(("of present", f"{found.mean_present:.2f} %: mean IoU over the classes that occur"))
    rows.append(("mean accuracy", f"{found.mean_accuracy:.2f} %"))
    rows.append(("pixel accuracy", f"{found.pixel_accuracy:.2f} % of {int(result.matrix.sum()):,} pixels"))
    rows.append(("images", f"{len(result.counts):,}"))
    if found.absent:
        rows.append(("absent", ", ".join(result.split.classes[index] for index in found.absent) + " (count as 0)"))
    return rows + [(name.replace("_", " "), str(value)) for name, value in result.about.items() if value is not None]


def _bars(result: Result) -> str:
    """A bar a class, with a line where the paper's value stands."""
    found, paper, names = result.scores, result.paper, [*result.split.classes, "mean"]
    printed = [*paper.iou, paper.mean] if paper else [None] * len(names)
    values = [None if index in found.absent else float(value) for index, value in enumerate(found.iou)]
    marks = [_bar(value, line) for value, line in zip([*values, found.mean], printed, strict=True)]
    total = _ROW * len(names)
    axis = "".join(
        f'<line class="grid" x1="{x}%" x2="{x}%" y1="0" y2="{total}"/>'
        f'<text x="{x}%" y="{total + 14}" text-anchor="{"end" if x == 100 else "middle"}">{x}</text>'
        for x in range(0, 101, 25)
    )
    key = '<p class="quiet">Bar: measured. Line: the paper.</p>' if paper else ""
    return page.chart(names, marks, axis, height=_ROW) + key


def _bar(ours: float | None, printed: float | None) -> str:
    """One class's bar, value, and the paper's line; no bar for a class that does not occur."""
    value, written = ours or 0.0, "absent" if ours is None else f"{ours:.1f}"
    told = written if ours is None else f"{written} %"
    title = told + ("" if printed is None else f", paper {printed:.1f} %")
    line = "" if printed is None else f'<line class="limit" x1="{printed}%" x2="{printed}%" y1="2" y2="{_ROW - 2}"/>'
    inside = value > 15  # per cent of the width: room enough for the figure on a phone
    figure = f'<text x="{value:.3f}%" dx="{-4 if inside else 4}" y="15" text-anchor="{"end" if inside else "start"}"'
    color = ' style="fill:var(--page)"' if inside else ""
    return (
        f'<g><title>{title}</title><rect class="good" x="0" y="4" width="{value:.3f}%" height="{_ROW - 8}" rx="2"/>'
        f"{figure}{color}>{written}</text>{line}</g>"
    )


def _gallery(result: Result, by_score: Sequence[tuple[str, float]], predict_labels: LabelsOf) -> Iterator[str]:
    """Each image with its prediction laid over it, its truth, and where they differ."""
    by_name = {sample.name: sample for sample in result.split.samples}
    for name, value in by_score:
        sample = by_name[name]
        ground_truth, prediction = result.split.layout.ground_truth(sample), predict_labels(sample)
        colors = _table(result.split.colors)
        figures = [
            _overlay(sample, prediction, result.split.colors),
            page.figure(_downsample(colors[ground_truth]), "truth", cells=True),
            page.figure(_downsample(_difference(ground_truth, prediction)), "red: wrong", cells=True),
        ]
        yield f"<h3>{page.escape(name)}: {value:.1f} %</h3>"
        yield f'<div class="images" style="grid-template-columns:repeat(3,1fr)">{"".join(figures)}</div>'


def _overlay(sample: Sample, prediction: Labels, colors: Sequence[Sequence[int]]) -> str:
    """The prediction over the photograph, or alone where the photograph is not there."""
    try:
        image = read_image(sample.image)
    except ImageError:
        return page.figure(
            _downsample(_table(colors)[prediction]), "prediction (the photograph is not there)", cells=True
        )
    return page.figure(
        _downsample(overlay(image, prediction, np.array(colors, np.uint8))), "prediction over the photograph"
    )


def _table(colors: Sequence[Sequence[int]]) -> Pixels:
    """RGB by label, uint8 (256, 3)."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(colors)] = np.array(colors, np.uint8)
    table[VOID] = VOID_COLOR
    return table


def _difference(ground_truth: Labels, prediction: Labels) -> Pixels:
    """Where a prediction is right, wrong, and not scored: uint8 (h, w, 3)."""
    kinds = np.where(ground_truth == VOID, 2, (ground_truth != prediction).astype(np.int64))
    return np.array([_RIGHT, _WRONG, _UNSCORED], np.uint8)[kinds]


def _downsample(pixels: Pixels) -> Pixels:
    """Every n-th pixel, so that no side is longer than a page can show."""
    step = -(-max(pixels.shape[:2]) // _SIDE)
    return pixels[::step, ::step]


def _confusion(result: Result) -> str:
    """The matrix as a table whose cells are the darker the more of their row they hold."""
    names, matrix = result.split.classes, result.matrix
    shares = 100.0 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    head = "".join(
        f'<th style="writing-mode:vertical-rl;padding:.4rem .2rem">{page.escape(name)}</th>' for name in names
    )
    rows = "".join(
        f"<tr><th>{page.escape(name)}</th>{''.join(_cell(float(share)) for share in row)}</tr>"
        for name, row in zip(names, shares, strict=True)
    )
    return f'<div class="box"><table class="confusion"><tr><th></th>{head}</tr>{rows}</table></div>'


def _cell(share: float) -> str:
    """One cell; shares below half a per cent stay empty."""
    text = f"{share:.0f}" if share >= 0.5 else ""
    ink = ";color:var(--page)" if share > 50 else ""
    style = f"background:color-mix(in srgb,var(--mark) {share:.0f}%,var(--card)){ink};padding:.2rem .3rem"
    return f'<td class="number" title="{share:.2f} %" style="{style}">{text}</td>'
