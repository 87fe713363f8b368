"""The demo: its committed net, what it shows, its page and picture."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import converter
import reference
from converter.verify.inputs import random_inputs
from converter.verify.verify import Verifier
from scripts._train_demo_net import write
from scripts.claims.experiment import trained_net
from scripts.claims.scenes import CLASSES
from scripts.demo_net.comparison import FIRST, Comparison, compare, scene_iou
from scripts.demo_net.net import CAFFEMODEL, CONTEXT, FOLDER, FRONT_END, PLAN, PROTOTXT, SEED, prototxt
from scripts.demo_net.page import iou_rows, write_demo_page
from scripts.demo_net.panels import COLORS, panels, write_picture
from tests.places import ROOT

PICTURE = ROOT / "docs/images/demo.png"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(PROTOTXT, CAFFEMODEL, 2)


def test_the_net_is_small_and_verifies():
    verifier = Verifier(PROTOTXT, CAFFEMODEL)
    (check,) = verifier.check(random_inputs(verifier.plan, 0))

    assert check.passed
    assert len(check.comparison.rows) == 19
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2_000_000


def test_training_writes_the_modules_that_it_trained(tmp_path):
    """Both outputs are the softmax of what the trained modules themselves answer: every parameter has its layer."""
    plan = replace(PLAN, train=4, test=2, batch=2, front_iterations=1, context_iterations=1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the script does: the same sums both times
    write(plan, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    front_end, context, (pictures, _) = trained_net(plan, SEED, "large", torch.device("cpu"))
    torch.set_num_threads(threads)

    with torch.no_grad():
        logits = front_end(pictures[:1])
        wanted = {FRONT_END: logits.softmax(1), CONTEXT: context(logits).softmax(1)}
        found = converter.load(tmp_path / "net.prototxt", tmp_path / "net.caffemodel")(data=pictures[:1])

    assert [*found] == [FRONT_END, CONTEXT]
    for name, blob in wanted.items():
        torch.testing.assert_close(found[name], blob)


def test_the_prototxt_is_what_the_script_writes():
    assert PROTOTXT.read_text() == prototxt()


def test_context_is_better_by_a_margin(comparison):
    """On two scenes that no training saw."""
    assert [scene.number for scene in comparison.scenes] == [FIRST, FIRST + 1]
    assert comparison.context.mean > comparison.front_end.mean + 10


def test_labels_are_those_of_the_oracle(comparison):
    """The pixels that the page colors come from the blobs that an independent program computes too."""
    scene = comparison.scenes[0]
    blobs = reference.run(str(PROTOTXT), str(CAFFEMODEL), {"data": scene.picture[None, None]})

    assert (blobs["final"][0].argmax(0) == scene.front_end).mean() > 0.995
    assert (blobs["ctx_final"][0].argmax(0) == scene.context).mean() > 0.995


def test_iou_of_a_scene_by_hand():
    """Field 2 of 3 cells, water 1 of 2: (2/3 + 1/2) / 2 = 58.3 %; car and boat do not occur."""
    truth = np.array([[0, 0], [0, 1]], np.uint8)
    labels = np.array([[0, 0], [1, 1]], np.uint8)

    assert scene_iou(truth, labels) == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)


def test_panels_show_the_labels(comparison):
    scene = comparison.scenes[0]
    picture, truth, front_end, context = panels(scene)

    assert picture.pixels.shape == (192, 192, 3)
    for panel, labels in ((truth, scene.truth), (front_end, scene.front_end), (context, scene.context)):
        assert panel.pixels.shape == (24, 24, 3)
        assert panel.pixels[5, 7].tolist() == COLORS[labels[5, 7]].tolist()


def test_the_page_shows_scenes_and_figures(comparison, tmp_path):
    write_demo_page(tmp_path / "demo.html", comparison, 2)
    text = (tmp_path / "demo.html").read_text()

    assert text.count("<img") == 8
    assert [row[0] for row in iou_rows(comparison)] == [*CLASSES, "mean"]
    for row in iou_rows(comparison):
        assert all(f">{cell}</td>" in text for cell in row)
    assert f"{comparison.context.mean:.1f}" in text
    assert not re.search(r'(src|href)="(?!data:)', text), "a page needs nothing from elsewhere"


def test_the_picture_holds_the_panels(comparison, tmp_path):
    write_picture(tmp_path / "demo.png", comparison, 1)
    with Image.open(tmp_path / "demo.png") as file:
        pixels = np.asarray(file.convert("RGB"))

    corner = COLORS[comparison.scenes[0].truth[0, 0]].astype(int)
    assert np.abs(pixels[44, 8 + 200].astype(int) - corner).max() < 8, "the second panel, quantized"


def test_the_readme_begins_with_the_picture_and_its_figures():
    """Within a tenth or two: near ties of two classes fall either way with the order of a sum."""
    readme = (ROOT / "README.md").read_text()
    found = compare(PROTOTXT, CAFFEMODEL, 24)
    stated = [float(number) for number in re.findall(r"(\d+\.\d) %", readme[:1000])]

    assert PICTURE.stat().st_size < 200_000
    assert "docs/images/demo.png" in readme[:1000]
    assert stated == [pytest.approx(found.front_end.mean, abs=0.2), pytest.approx(found.context.mean, abs=0.2)]


@pytest.mark.slow
def test_the_script_runs_to_its_end(tmp_path):
    """Its lines as they stand, with this environment in place of the one that it would install."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/demo", tmp_path / "scripts/demo")
    stub = f"set -euo pipefail\ncd {ROOT}\nROOT=$PWD\nPYTHON={sys.executable}\nensure() {{ :; }}\n"
    (tmp_path / "scripts/_environment.sh").write_text(stub)
    line = ["bash", tmp_path / "scripts/demo", tmp_path / "out"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PASS: ") == 2
    assert re.search(r"^mean +\d+\.\d +\d+\.\d +\+\d+\.\d$", done.stdout, re.MULTILINE)
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"scenes.safetensors", "verify.html", "caffe.npz", "demo.html"}
