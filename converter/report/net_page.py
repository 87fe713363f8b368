"""The file that `inspect --report` writes: a page with the drawing, or the drawing alone as SVG."""

from __future__ import annotations

import os
from pathlib import Path

from converter.errors import OutputError, ShapeError
from converter.files.atomic import atomic_write
from converter.plan.inspection import Inspection
from converter.report import page
from converter.report.net_boxes import Box, net_boxes, shape_text
from converter.report.net_drawing import COLORS, draw
from converter.report.net_layout import check_graphviz

ENDINGS = (".html", ".svg")


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a file that no drawing can be written to, before any work.

    Raises:
        OutputError: the name ends in neither .html nor .svg.
        ConversionError: there is no Graphviz.
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise OutputError("a drawing of a net ends in .html or .svg; name such a file", path=os.fspath(path))
    check_graphviz()


def write_drawing(path: str | os.PathLike[str], found: Inspection) -> None:
    """Write the net's drawing, whole or not at all; .svg is the drawing alone, .html a page around it.

    Raises:
        OutputError: another ending, or a file that cannot be written.
        ShapeError: a net that does not build, so that its shapes are not known.
        ConversionError: there is no Graphviz, or it lays nothing out.
    """
    check_target(path)
    if found.plan is None:
        raise ShapeError("cannot be drawn: its shapes are not known; mend the problem above first", path=found.net.path)
    boxes, title = net_boxes(found.plan, found.rows), found.net.name or Path(found.net.path).stem
    if Path(path).suffix.lower() == ".svg":
        with atomic_write(path) as file:
            file.write(draw(boxes, title, alone=True).svg.encode())
        return
    drawing = draw(boxes, title)
    start = f'<i class="start" style="left:{drawing.start:.0f}px"></i>'
    body = [_facts(found), _legend(boxes), f'<div class="box wide">{start}{drawing.svg}</div>']
    for heading, texts in (("Problems", found.problems), ("Notes", found.notes)):
        if texts:
            body += [f"<h2>{heading}</h2>", *(f"<p>{page.escape(text)}</p>" for text in texts)]
    page.write_page(path, title, body)


def _facts(found: Inspection) -> str:
    assert found.plan is not None
    inputs = ", ".join(f"{name} {shape_text(shape)}" for name, shape in found.plan.inputs.items())
    return page.facts(
        [
            ("file", found.net.path),
            ("inputs", inputs or "none"),
            ("layers", f"{len(found.rows):,}"),
            ("parameters", f"{sum(row.parameters for row in found.rows):,}"),
            ("multiply-adds", f"{sum(row.multiply_adds for row in found.rows):,}"),
        ]
    )


def _legend(boxes: list[Box]) -> str:
    """The colors that the drawing has."""
    kinds = {layer.kind for box in boxes for layer in box.layers}
    items = (
        f'<li><i style="background:var({color})"></i>{page.escape(word)}</li>'
        for kind, (word, color) in COLORS.items()
        if kind in kinds
    )
    return f'<ul class="legend">{"".join(items)}</ul>'
