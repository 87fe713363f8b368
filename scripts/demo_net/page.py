"""The demo's page: what dilation and the context module do, on scenes that the net was not trained on."""

from __future__ import annotations

import os
from collections.abc import Iterator

from converter.report.page import facts, figure, gallery, legend, table, write_page
from scripts.claims.experiment import description
from scripts.claims.scenes import CLASSES
from scripts.demo_net.comparison import FIRST, Comparison
from scripts.demo_net.net import PLAN
from scripts.demo_net.panels import COLORS, panels


def write_demo_page(path: str | os.PathLike[str], comparison: Comparison, rows: int) -> None:
    """Write the page with the panels of the first `rows` scenes and the IoU over all of them.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    write_page(path, "What the context module does", _body(comparison, rows))


def iou_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """IoU in per cent by class, and the mean: name, front end alone, with context, gain."""
    pairs = [*zip(CLASSES, comparison.front_end.iou, comparison.context.iou, strict=True)]
    pairs.append(("mean", comparison.front_end.mean, comparison.context.mean))
    return [(name, f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}") for name, before, after in pairs]


def _body(comparison: Comparison, rows: int) -> Iterator[str]:
    yield (
        "<p>Cars and boats are the same striped ellipses, several cells wide; one on water is a boat, one on a field "
        "is a car. The front end sees 22 pixels, less than an object's width, and must guess. The context module sees "
        "the whole scene through dilated convolutions, at the same resolution: figure 4 of the paper in small.</p>"
    )
    yield legend(zip(CLASSES, COLORS.tolist(), strict=True))
    for scene in comparison.scenes[:rows]:
        yield f"<h2>scene {scene.number:,}</h2>"
        yield gallery(figure(panel.pixels, panel.title, cells=panel.cells) for panel in panels(scene))
    yield f"<h2>IoU in per cent, {len(comparison.scenes)} fresh scenes together</h2>"
    yield table(("class", "front end alone", "with context", "gain"), iou_rows(comparison))
    yield "<h2>What was run</h2>"
    yield facts(
        (
            ("net", "scripts/demo_net/scenes.prototxt, converted from scenes.caffemodel"),
            ("trained by", f"scripts/_train_demo_net.py: {description(PLAN)}"),
            ("scenes", f"numbered from {FIRST:,}; the net was trained on none of them"),
        )
    )
    yield '<p class="quiet">Per cent below a panel: mean IoU of that scene, over the classes it holds.</p>'
