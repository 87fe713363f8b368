"""The drawing of a net: every layer once, arrows that join what they should, nothing over anything else, no script."""

import re
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from converter.errors import OutputError, ShapeError
from converter.plan.inspection import inspect_net
from converter.report.net_boxes import net_boxes
from converter.report.net_drawing import draw
from converter.report.net_page import write_drawing
from tests.places import GOLDENS, SHARED
from tests.verify.headless_browser import CHROMIUM, console, measured

pytestmark = pytest.mark.draw
SVG = "{http://www.w3.org/2000/svg}"
FULL = GOLDENS / "nets/full/dilation8_pascal_voc.prototxt"
RESNET = SHARED / "corpus/prototxt/KaimingHe__deep-residual-networks/prototxt/ResNet-152-deploy.prototxt"
HEAD = 'name: "net" input: "x" input_shape { dim: 1 dim: 4 dim: 8 dim: 8 }\n'
BRANCHES = (
    HEAD
    + """
layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 6 kernel_size: 3 dilation: 2 pad: 2 } }
layer { name: "norm" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
layer { name: "left" type: "Pooling" bottom: "c" top: "l" pooling_param { kernel_size: 3 stride: 1 pad: 1 } }
layer { name: "right" type: "Sigmoid" bottom: "c" top: "r" }
layer { name: "sum" type: "Eltwise" bottom: "l" bottom: "r" bottom: "c" top: "s" }
"""
)


def drawn(folder, text: str) -> ElementTree.Element:
    return ElementTree.fromstring(draw(boxes_of(folder, text), "net").svg)


def boxes_of(folder, text: str):
    path = folder / "net.prototxt"
    path.write_text(text)
    found = inspect_net(path)
    assert found.problems == ()
    return net_boxes(found.plan, found.rows)


def texts(element: ElementTree.Element) -> list[str]:
    return [text.text for text in element.iter(f"{SVG}text")]


def rectangles(svg: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box, in order."""
    found = []
    for rect in svg.iter(f"{SVG}rect"):
        if rect.get("class") == "box":
            x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def overlaps(places: list[tuple[float, float, float, float]]) -> int:
    return sum(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for index, a in enumerate(places)
        for b in places[:index]
    )


def ends(path: ElementTree.Element) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a path begins and where it ends; `V` moves down only."""
    x = y = 0.0
    numbers = []
    for command, rest in re.findall(r"([MVC])([^MVC]*)", path.get("d")):
        values = [float(value) for value in rest.split()]
        x, y = (x, values[0]) if command == "V" else (values[-2], values[-1])
        numbers.append((x, y))
    return numbers[0], numbers[-1]


def test_in_place_layers_are_stacked_in_the_box_whose_blob_they_change(tmp_path):
    boxes = boxes_of(tmp_path, BRANCHES)

    assert [[layer.name for layer in box.layers] for box in boxes] == [
        ["input"], ["conv", "norm", "scale", "relu"], ["left"], ["right"], ["sum"],
    ]  # fmt: skip


def test_a_layer_that_changes_a_blob_after_it_was_read_stands_alone(tmp_path):
    text = HEAD + (
        'layer { name: "a" type: "AbsVal" bottom: "x" top: "a" }\n'
        'layer { name: "before" type: "TanH" bottom: "a" top: "t" }\n'
        'layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }\n'
        'layer { name: "after" type: "TanH" bottom: "a" top: "u" }\n'
    )
    boxes = boxes_of(tmp_path, text)
    readers = {box.layers[0].name: [outlet.readers for outlet in box.outlets] for box in boxes}

    assert [[layer.name for layer in box.layers] for box in boxes] == [
        ["input"],
        ["a"],
        ["before"],
        ["relu"],
        ["after"],
    ]
    assert readers == {"input": [[(1, 0)]], "a": [[(2, 0), (3, 0)]], "before": [[]], "relu": [[(4, 0)]], "after": [[]]}


def test_a_box_says_what_matters_and_an_arrow_its_shape(tmp_path):
    """conv: 6 × 4 × 3 × 3 weights and 6 biases; 2 (3 - 1) + 1 = 5 pixels seen. norm: 6 + 6 + 1. scale: 6 + 6."""
    svg = drawn(tmp_path, BRANCHES)

    assert texts(svg)[:6] == ["1×4×8×8", "input", "Input", "1×6×8×8", "conv", "Convolution"]
    assert "3×3, 6 outputs, dilation 2, pad 2" in texts(svg)
    assert texts(svg).count("222 parameters") == texts(svg).count("receptive field 5, every 1") == 1
    assert texts(svg).count("13 parameters") == texts(svg).count("12 parameters") == 1
    assert "MAX, 3×3, pad 1" in texts(svg)
    assert "receptive field 7, every 1" in texts(svg)


def test_text_stays_in_its_box(tmp_path):
    """Of 12 px letters none is wider than 12 px, and most are half of that; a long line is broken after a comma."""
    settings = "num_output: 4096 kernel_size: 3 group: 4 dilation: 4 stride: 2 pad: 11"
    text = (
        HEAD
        + f'layer {{ name: "{"i" * 99}" type: "Convolution" bottom: "x" convolution_param {{ {settings} }} top: "c" }}'
    )
    svg = drawn(tmp_path, text)
    _, box = rectangles(svg)

    assert {"3×3, 4,096 outputs, dilation 4,", "stride 2, pad 11, 4 groups"} <= set(texts(svg))
    assert all(len(line) * 6 <= box[2] - box[0] for line in texts(svg)[3:])
    assert sum(line.endswith("parameters") for line in texts(svg)) == 1


def test_arrows_join_the_boxes(tmp_path):
    svg = drawn(tmp_path, BRANCHES)
    boxes, paths = rectangles(svg), [path for path in svg.iter(f"{SVG}path") if path.get("data-to")]
    joined = [(int(path.get("data-from")), int(path.get("data-to"))) for path in paths]

    assert sorted(joined) == [(0, 1), (1, 2), (1, 3), (1, 4), (2, 4), (3, 4)]
    for path, (tail, head) in zip(paths, joined, strict=True):
        start, end = ends(path)
        assert boxes[tail][0] < start[0] < boxes[tail][2]
        assert start[1] == pytest.approx(boxes[tail][3], abs=1.2)
        assert boxes[head][0] < end[0] < boxes[head][2]
        assert end[1] == pytest.approx(boxes[head][1], abs=1.2)


def test_shapes_of_several_tops_stand_clear_of_each_other(tmp_path):
    """11 letters of 11 px, each at most 7 px wide, and 4 px to spare before the next arrow."""
    text = HEAD + 'layer { name: "cut" type: "Slice" bottom: "x" top: "a" top: "b" top: "c" top: "d" }'
    text = text.replace("dim: 8 dim: 8", "dim: 800 dim: 800")
    places = [float(mark.get("x")) for mark in drawn(tmp_path, text).iter(f"{SVG}text") if mark[:]][1:]

    assert len(places) == 4
    assert all(right - left >= 11 * 7 + 10 for left, right in pairwise(places))


def test_branches_stand_beside_each_other(tmp_path):
    _, conv, left, right, total = rectangles(drawn(tmp_path, BRANCHES))

    assert left[1] < right[3] and right[1] < left[3]
    assert left[2] < right[0] or right[2] < left[0]
    assert conv[3] < left[1] < total[1]


def check_every_layer_once_and_no_overlap(path) -> None:
    found = inspect_net(path)
    svg = ElementTree.fromstring(draw(net_boxes(found.plan, found.rows), "net").svg)
    titles = [group.find(f"{SVG}title").text for group in svg.iter(f"{SVG}g") if group.get("class") == "layer"]

    assert Counter(titles) == Counter(f"{row.name} ({row.type})" for row in found.rows)
    assert overlaps(rectangles(svg)) == 0


def test_every_layer_of_dilation8_is_drawn_once():
    check_every_layer_once_and_no_overlap(FULL)


@pytest.mark.corpus
def test_every_layer_of_resnet_152_is_drawn_once():
    check_every_layer_once_and_no_overlap(RESNET)


def test_hostile_names_are_shown_as_text(tmp_path):
    r"""Markup, quotes, and in octal, as text format writes it, a terminal's escape and U+FFFF, which is no XML."""
    name = r"</svg><script>alert(1)</script>\"&\033[31m\357\277\277"
    text = HEAD.replace('"net"', f'"{name}"') + f'layer {{ name: "{name}" type: "ReLU" bottom: "x" top: "{name}" }}'
    source, page, picture = tmp_path / "net.prototxt", tmp_path / "net.html", tmp_path / "net.svg"
    source.write_text(text)
    for target in (page, picture):
        write_drawing(target, inspect_net(source))
        assert "<script" not in target.read_text()
        assert "\x1b" not in target.read_text()
    titles = [title.text for title in ElementTree.parse(picture).iter(f"{SVG}title")]

    assert r'</svg><script>alert(1)</script>"&\x1b[31m� (ReLU)' in titles


def test_files_name_no_address_but_the_svg_namespace(tmp_path):
    for name in ("net.html", "net.svg"):
        write_drawing(tmp_path / name, inspect_net(FULL))
        text = (tmp_path / name).read_text()
        assert set(re.findall(r"\w+://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"@import|url\((?!#)|<script|<link(?! rel=\"icon\" href=\"data:)", text)


def test_the_svg_brings_both_color_schemes(tmp_path):
    write_drawing(tmp_path / "net.svg", inspect_net(FULL))
    text = (tmp_path / "net.svg").read_text()

    assert "prefers-color-scheme: dark" in text
    assert set(re.findall(r"var\((--\w+)\)", text)) <= set(re.findall(r"(--\w+):", text))


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"net\.png: a drawing of a net ends in \.html or \.svg"):
        write_drawing(tmp_path / "net.png", inspect_net(FULL))


def test_a_net_without_shapes_is_refused(tmp_path):
    source = tmp_path / "net.prototxt"
    source.write_text('layer { name: "a" type: "Nothing" top: "y" }')

    with pytest.raises(ShapeError, match=r"net\.prototxt: cannot be drawn: its shapes are not known"):
        write_drawing(tmp_path / "net.svg", inspect_net(source))
    assert not (tmp_path / "net.svg").exists()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_page_fits_a_phone_and_scrolls_in_its_box(tmp_path):
    page = tmp_path / "net.html"
    source = tmp_path / "net.prototxt"
    source.write_text(BRANCHES)
    write_drawing(page, inspect_net(source))

    assert console(page) == []
    for width in (390, 1280):
        assert measured(page, tmp_path, width) == (width, 0, 0, 0)
