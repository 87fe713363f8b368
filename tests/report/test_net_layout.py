"""Places by Graphviz: the same from the program and from the library, and a remedy where neither is there."""

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from converter.cli import main
from converter.errors import ConversionError
from converter.report.net_layout import STEM, Arrow, Layout, arrange
from tests.places import GOLDENS

MINI = GOLDENS / "nets/mini/dilation7_kitti_mini.prototxt"
SIZES = [(101, 40), (160, 60), (100, 40), (150, 40)]
PORTS = [(0, 1), (1, 2), (1, 1), (3, 1)]
ARROWS = [Arrow(0, 0, 1, 0), Arrow(1, 1, 2, 0), Arrow(1, 0, 3, 0), Arrow(2, 0, 3, 1), Arrow(0, 0, 3, 2)]
"""A box of two outlets; box 2 between it and the last, which 0 also reaches past them."""

LIBRARY = pytest.mark.skipif(importlib.util.find_spec("pygraphviz") is None, reason="no pygraphviz: install [draw]")
PROGRAM = pytest.mark.skipif(shutil.which("dot") is None, reason="no program dot of Graphviz")


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pygraphviz" else find(name))
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def fake_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> Path:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return program


def points_of_curves(route: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Cubic Bézier curves at 50 places each."""
    found = []
    for first in range(0, len(route) - 1, 3):
        for t in (step / 50 for step in range(51)):
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            pairs = list(zip(shares, route[first : first + 4], strict=True))
            found.append((sum(share * x for share, (x, _) in pairs), sum(share * y for share, (_, y) in pairs)))
    return found


def check(layout: Layout) -> None:
    """Boxes in their ranks and apart, arrows from port to port and around the boxes that they pass."""
    corners, routes = layout.corners, layout.routes
    assert [y for _, y in corners] == sorted({y for _, y in corners})
    assert all(0 <= x <= layout.width - w + 1 for (x, _), (w, _) in zip(corners, SIZES, strict=True))
    for arrow, route in zip(ARROWS, routes, strict=True):
        (tail_x, tail_y), (head_x, head_y) = corners[arrow.tail], corners[arrow.head]
        tail, head = SIZES[arrow.tail], SIZES[arrow.head]
        start = tail_x + tail[0] * (arrow.outlet + 0.5) / PORTS[arrow.tail][1]
        end = head_x + head[0] * (arrow.inlet + 0.5) / PORTS[arrow.head][0]
        assert len(route) % 3 == 1
        assert route[0] == pytest.approx((start, tail_y + tail[1] + STEM), abs=1.5)
        assert route[-1] == pytest.approx((end, head_y), abs=1.5)
    for passed in (1, 2):
        (x, y), (width, height) = corners[passed], SIZES[passed]
        beside = [across for across, down in points_of_curves(routes[4]) if y <= down <= y + height]
        assert beside and not any(x <= across <= x + width for across in beside)


@LIBRARY
def test_the_library_places_boxes_and_arrows(no_program):
    check(arrange(SIZES, PORTS, ARROWS))


@PROGRAM
def test_the_program_places_boxes_and_arrows(no_library):
    check(arrange(SIZES, PORTS, ARROWS))


@LIBRARY
def test_a_lone_box_and_none_at_all(no_program):
    assert arrange([(100, 40)], [(0, 0)], []) == Layout(((0.0, 0.0),), (), 100.0, 40.0 + STEM)
    assert arrange([], [], []).corners == ()


def test_the_program_goes_before_the_library(tmp_path, monkeypatch):
    """Places are written by hand, as Graphviz writes them: y upwards, a box by its middle."""
    answer = '{"bb": "0,0,100,300", "objects": [{"name": "0", "pos": "50,269"}], "edges": []}'
    fake_dot(tmp_path, monkeypatch, f"echo '{answer}'")

    assert arrange([(100, 40)], [(0, 0)], []) == Layout(((0.0, 0.0),), (), 100.0, 300.0)


def test_a_program_that_fails_is_named_with_what_it_said(tmp_path, monkeypatch):
    program = fake_dot(tmp_path, monkeypatch, "echo 'no layout engine' >&2; exit 3")

    with pytest.raises(ConversionError, match="laid no graph out, exit code 3, and said: no layout engine") as error:
        arrange([(100, 40)], [(0, 0)], [])
    assert str(error.value).startswith(f"{program}: ")


def test_without_graphviz_the_error_names_the_extra_before_any_work(tmp_path, capsys, no_program, no_library):
    assert main(["inspect", str(MINI), "--report", str(tmp_path / "net.svg")]) == 2
    told = capsys.readouterr()

    assert "a drawing needs Graphviz, which is not installed" in told.err
    assert "pip install 'dilatednet[draw]'" in told.err
    assert told.out == ""
    assert not (tmp_path / "net.svg").exists()
