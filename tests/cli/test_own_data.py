"""From one's own pictures to a trained net and its score: every command, on drawn pictures in two folders."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from converter.cli import main

SMALL = ("--workers", "0", "--batch", "2", "--device", "cpu")
NARROW = ("--width", "2", "--fc-width", "8", "--crop", "388", "--rate", "0.001")
COLORS = ((90, 90, 90), (220, 40, 40))


def pictures(folder: Path, count: int) -> Path:
    """Disks on a ground: images in images/, class numbers in labels/, and the same in colors in colored/."""
    random = np.random.default_rng(count)
    for part in ("images", "labels", "colored"):
        (folder / part).mkdir(parents=True)
    for index in range(count):
        down, across = np.mgrid[:40, :52] - random.integers(12, 28, 2)[:, None, None]
        label = (down**2 + across**2 < 100).astype(np.uint8)
        image = np.array([[150, 160, 170], [200, 30, 30]])[label] + random.integers(0, 40, (40, 52, 3))
        Image.fromarray(image.astype(np.uint8)).save(folder / f"images/p{index}.jpg")
        Image.fromarray(label).save(folder / f"labels/p{index}.png")
        Image.fromarray(np.array(COLORS, np.uint8)[label]).save(folder / f"colored/p{index}.png")
    return folder


def run(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, files of classes, and a run of the front end."""
    folder = tmp_path_factory.mktemp("own")
    pictures(folder / "train", 4)
    pictures(folder / "val", 3)
    (folder / "names.txt").write_text("ground\nred disk\n")
    (folder / "palette.txt").write_text("".join(f"{r} {g} {b}\n" for r, g, b in COLORS))
    (folder / "map.txt").write_text("90 90 90 ground\n220 40 40 red disk\n")
    classes = ("--labels", folder / "names.txt", "--palette", folder / "palette.txt")
    given = ("--preset", "voc", "--from-scratch", "--iterations", "2", *images(folder, "train"), *classes)
    assert run("train", "frontend", *given, *SMALL, *NARROW, "--out", folder / "front") == 0
    return folder


def images(folder: Path, part: str, labels: str = "labels") -> tuple[object, ...]:
    return "--images", folder / part / "images", "--labels-dir", folder / part / labels


def test_the_three_stages_predict_evaluate_and_score_need_no_word_about_the_net(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    more = ("--preset", "voc", "--iterations", "1", *SMALL)
    size = ("--input-size", "412", "428")
    maps = ("--images", place / "train/images", "--out", tmp_path / "maps", *size)
    assert run("features", place / "front", *maps, "--device", "cpu") == 0
    context = ("--labels-dir", place / "train/labels", "--features", tmp_path / "maps", "--context", "basic")
    assert run("train", "context", *more, *context, "--out", tmp_path / "context") == 0
    both = ("--weights", place / "front", "--weights", tmp_path / "context", "--crop", "388")
    assert run("train", "joint", *more, *images(place, "train"), *both, "--out", tmp_path / "joint") == 0
    with safe_open(tmp_path / "joint" / "weights.safetensors", "numpy") as file:
        net = json.loads(file.metadata()["dilatednet"])
    assert net["classes"] == ["ground", "red disk"]
    assert net["palette"] == [list(color) for color in COLORS]
    assert (net["topology"]["width"], net["topology"]["context"]) == (2, "basic")
    capsys.readouterr()
    assert run("predict", tmp_path / "joint", place / "val/images/p0.jpg", "-o", tmp_path / "out") == 0
    assert "p0_overlay.png: " in (said := capsys.readouterr().out)
    assert "ground" in said or "red disk" in said
    with Image.open(tmp_path / "out/p0.png") as labels:
        assert labels.getpalette()[:6] == [*COLORS[0], *COLORS[1]]


def test_evaluation_and_score_agree_in_every_form_of_label_images(place: Path, tmp_path: Path):
    out = ("--save-predictions", tmp_path / "saved", "--json", tmp_path / "a.json")
    assert run("evaluate", place / "front", *images(place, "val"), *out) == 0
    colored = ("--labels-dir", place / "val/colored", "--color-map", place / "map.txt", "--json", tmp_path / "b.json")
    assert run("score", "--predictions", tmp_path / "saved", *colored) == 0
    numbered = ("--labels-dir", place / "val/labels", "--classes", "2", "--json", tmp_path / "c.json")
    assert run("score", "--predictions", tmp_path / "saved", *numbered) == 0
    a, b, c = (json.loads((tmp_path / f"{name}.json").read_text()) for name in "abc")
    assert a["confusion"] == b["confusion"] == c["confusion"]
    assert (list(a["iou"]), list(c["iou"])) == (["ground", "red disk"], ["class 0", "class 1"])
    assert a["pixels"] == 3 * 40 * 52


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("score", "--predictions", "x"), "no images to work on; give --data NAME --root DIR"),
        (("score", "--predictions", "x", "--data", "voc"), "--data voc without --root"),
        (("score", "--predictions", "x", "--labels-dir", "L"), "nothing tells the classes of this data"),
        (
            ("score", "--predictions", "x", "--labels-dir", "L", "--labels", "N", "--classes", "5"),
            "--labels 2, --class",
        ),
        (("score", "--predictions", "x", "--data", "voc", "--images", "L"), "--data voc beside files of your own"),
        (("evaluate", "R", "--images", "I", "--labels-dir", "L", "--classes", "3"), "knows 2 classes, Own data 3"),
        (("features", "--images", "I", "--out", "x"), "give a front end: either RUN"),
        (("features", "R", "--images", "I", "--out", "x", "--weights", "R"), "give a front end: either RUN"),
        (("features", "--images", "I", "--out", "x", "--weights", "R"), "say which net they are for: --preset"),
        (("predict", "R", "--weights", "R", "I", "-o", "x"), "this run has its own weights"),
        (("predict", "voc", "I", "-o", "x"), "is a published net, and needs --weights"),
    ],
)
def test_what_does_not_go_together_is_one_error(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
):
    letters = {"L": "val/labels", "I": "val/images", "N": "names.txt", "R": "front"}
    given = [
        str(place / letters[word]) if word in letters else word.replace("x", str(tmp_path / "x")) for word in words
    ]
    assert run(*given) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_label_beyond_the_classes_is_told_before_training(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = ("--preset", "voc", "--from-scratch", "--iterations", "1", *SMALL, *NARROW, "--out", tmp_path / "run")
    pictures(tmp_path / "bad", 1)
    label = np.zeros((40, 52), np.uint8)
    label[3, 4:9] = 7
    Image.fromarray(label).save(tmp_path / "bad/labels/p0.png")
    assert run("train", "frontend", *images(tmp_path, "bad"), "--classes", "2", *given) == 2
    assert "p0.png: label 7 in 5 pixels, the first at row 3, column 4; expected 0 to 1" in capsys.readouterr().err
    Image.fromarray(label[:, :50]).save(tmp_path / "bad/labels/p0.png")
    assert run("train", "frontend", *images(tmp_path, "bad"), "--classes", "8", *given) == 2
    assert "labels/p0.png: 50×40 labels for the 52×40 pixels of " in (error := capsys.readouterr().err)
    assert "images/p0.jpg; expected equal sizes" in error
