import hashlib
import html
import re
from pathlib import Path

import numpy as np
import pytest

from converter.cli import main
from converter.report.page import chart
from converter.report.page import page as whole_page
from converter.verify.error_chart import error_chart
from converter.verify.label_maps import label_maps
from reference.compare import compare
from tests.verify import headless_browser
from tests.verify.formula_files import KITTI, PREDICT, stored_by_caffe

PICTURE = PREDICT / "kitti_370x1226_image.png"


@pytest.fixture(scope="module")
def passing(tmp_path_factory):
    path = tmp_path_factory.mktemp("passing") / "report.html"
    given = ["--image", str(PICTURE), "--model", "kitti", "--report", str(path)]
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", *given]) == 0
    return path


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failing")
    stored = stored_by_caffe(folder / "caffe.npz", "dilation7_kitti", (436, 484))
    with np.load(stored) as arrays:
        held = dict(arrays)
    held["sample:conv4_2"] = held["sample:conv4_2"] + np.float32(1)
    held["out:prob"] = np.roll(held["out:prob"], 1, axis=1)
    held["sample:fc7"] = held["sample:fc7"] * np.float32("nan")
    np.savez(stored, **held)
    given = ["--against", str(stored), "--report", str(folder / "report.html")]
    assert main(["verify", f"{KITTI}.prototxt", f"{KITTI}.caffemodel", *given]) == 1
    return folder / "report.html"


def test_a_passing_page_says_so_and_shows_every_blob_of_every_check(passing):
    text = passing.read_text()
    assert ">PASS</b> 84 blobs of 1 input" in text and "FAIL" not in text
    assert text.count('class="good"') == 84 and text.count('class="limit"') == 84
    assert 'class="failed"' not in text


def test_a_failing_page_names_the_first_layer_and_crosses_what_diverges(failing):
    text = html.unescape(failing.read_text())
    assert ">FAIL</b> stored input: CaffeModule against caffe.npz: blob 'conv4_2', made by layer 'conv4_2'" in text
    assert text.count('class="failed"') == 3 and text.count("FAIL: ") == 3
    assert text.count('class="good"') == 24


def test_a_page_says_what_was_run_so_that_it_can_be_run_again(passing):
    text = html.unescape(passing.read_text())
    for path in (Path(f"{KITTI}.prototxt"), Path(f"{KITTI}.caffemodel"), PICTURE):
        content = path.read_bytes()
        assert f"{path.name}, {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}" in text
    for fact in ("NumPy, torch", np.__version__, "device", "cpu", "float32, against float64", "seed"):
        assert fact in text


def test_a_page_shows_the_image_both_label_maps_and_where_they_differ(passing, failing):
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", passing.read_text())
    assert captions[:3] == [
        "the image, as far as this run covers it",
        "CaffeModule: label map",
        "the oracle: label map",
    ]
    assert captions[3] == "0 of 7,168 pixels differ (CaffeModule against the oracle)"
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", failing.read_text())
    assert captions[3] == "7,168 of 7,168 pixels differ (CaffeModule against caffe.npz)"


def test_a_page_needs_nothing_from_elsewhere(passing, failing):
    for page in (passing, failing):
        text = page.read_text()
        addresses = re.findall(r"""(?:src|href|url\()=?["']?([^"')\s>]+)""", text)
        assert len(addresses) >= 5 and all(address.startswith("data:") for address in addresses)
        assert "<script" not in text and "@import" not in text and "http" not in text


def test_names_of_blobs_cannot_write_html():
    hostile = '<script>alert("x")</script>'
    drawn = error_chart(compare({hostile: np.ones(3)}, {hostile: np.full(3, np.nan)}))
    assert "<script" not in drawn and html.escape(hostile) in drawn


def test_a_dot_stands_at_its_error_on_the_log_axis():
    # Errors of 1e-3 and 1e-5, tolerance 4e-6: the axis runs from 1e-6 to 1e-3, a third of the width a power of ten.
    expected = {"a": np.ones(3), "b": np.ones(3)}
    drawn = error_chart(compare(expected, {"a": np.full(3, 1 + 1e-3), "b": np.full(3, 1 + 1e-5)}, base=4e-6))
    crosses = [float(x) for x in re.findall(r'<svg x="([\d.]+)%"', drawn)]
    assert crosses == pytest.approx([100, 100 / 3], abs=0.1)


def test_label_maps_are_the_arg_max_and_differ_where_they_do():
    expected = np.zeros((1, 3, 2, 2))
    expected[0, [0, 1, 2, 1], [0, 0, 1, 1], [0, 1, 0, 1]] = 1
    actual = expected.copy()
    actual[0, 2, 1, 1] = 5
    maps = label_maps({"end": expected}, {"end": actual}, None, None)
    np.testing.assert_array_equal(maps.expected, [[0, 1], [2, 1]])
    np.testing.assert_array_equal(maps.actual, [[0, 1], [2, 2]])
    assert maps.differing_pixels == 1
    red = (maps.difference() == (228, 26, 28)).all(axis=2)
    np.testing.assert_array_equal(red, [[False, False], [False, True]])


def test_a_single_differing_pixel_is_drawn_large_enough_to_see():
    expected = np.zeros((1, 2, 40, 50))
    expected[0, 0] = 1
    actual = expected.copy()
    actual[0, 1, 1, 30] = 2
    maps = label_maps({"end": expected}, {"end": actual}, None, None)
    red = (maps.difference() == (228, 26, 28)).all(axis=2)
    assert maps.differing_pixels == 1 and red.sum() == 4 * 5 and red[0:4, 28:33].all()


def test_values_that_are_no_numbers_are_never_the_label():
    expected, actual = np.zeros((1, 2, 1, 2)), np.zeros((1, 2, 1, 2))
    expected[0, 1] = 1
    actual[0, :, 0, 0] = 3, np.nan
    actual[0, :, 0, 1] = np.nan, 1
    maps = label_maps({"end": expected}, {"end": actual}, None, None)
    np.testing.assert_array_equal(maps.actual, [[0, 1]])


needs_browser = pytest.mark.skipif(headless_browser.CHROMIUM is None, reason="no Chromium on the PATH")


@needs_browser
@pytest.mark.parametrize("width", [400, 1000])
@pytest.mark.parametrize("name", ["passing", "failing"])
def test_no_page_is_wider_than_a_phone(request, tmp_path, name, width):
    content, images, failed, wide = headless_browser.measured(request.getfixturevalue(name), tmp_path, width)
    assert content <= width and wide == 0
    assert images >= 4 and failed == 0


@needs_browser
def test_a_page_that_is_too_wide_is_noticed(tmp_path):
    page = tmp_path / "wide.html"
    page.write_text('<!doctype html><main><p style="width:700px">wide</p></main>')
    content, _, _, wide = headless_browser.measured(page, tmp_path, 400)
    assert content > 400 and wide == 1


@needs_browser
@pytest.mark.parametrize("name", ["passing", "failing"])
def test_a_page_opens_without_a_word_on_the_console_in_light_and_dark(request, tmp_path, name):
    page = request.getfixturevalue(name)
    assert headless_browser.console(page) == []
    light, dark = (headless_browser.screenshot(page, tmp_path, dark=dark) for dark in (False, True))
    assert light[-1, 0].tolist() == [0xFB, 0xFB, 0xFA] and dark[-1, 0].tolist() == [0x14, 0x17, 0x1A]
    # The label maps keep their colors, the text does not: both schemes draw, and not the same.
    assert len(np.unique(light.reshape(-1, 3), axis=0)) > 50 and len(np.unique(dark.reshape(-1, 3), axis=0)) > 50
    assert (light != dark).any(axis=2).mean() > 0.5


@needs_browser
def test_a_word_on_the_console_is_noticed(tmp_path):
    page = tmp_path / "loud.html"
    page.write_text("<!doctype html><script>undefinedName()</script>")
    assert any("undefinedName" in line for line in headless_browser.console(page))


def test_a_charts_long_names_keep_their_ends_where_they_differ():
    """The browser cuts the first of two spans alone; the tooltip has the whole name."""
    names = ["inception_4a/3x3_reduce", "inception_4a/5x5_reduce", "inception_4a/5x5<>", "fc8"]
    text = chart(names, [""] * 4, "", height=22, bad=[1])
    shown = re.findall(r'title="([^"]*)"[^>]*><span>([^<]*)</span>(?:<span>([^<]*)</span>)?', text)
    assert [tuple(map(html.unescape, parts)) for parts in shown] == [
        ("inception_4a/3x3_reduce", "inception_4a/3", "x3_reduce"),
        ("inception_4a/5x5_reduce", "inception_4a/5", "x5_reduce"),
        ("inception_4a/5x5<>", "inception", "_4a/5x5<>"),
        ("fc8", "fc8", ""),
    ]
    assert ".chart .names span + span { flex: none; }" in whole_page("title", [text])
