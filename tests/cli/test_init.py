"""`dilatednet init`: a seeded start that is a net by name, and what is said where there are no weights at all."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

import converter
from converter.cli import main
from converter.dilatednet.trained import read_trained
from tests.dilatednet.training.test_vgg import torchvision_state


def run(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.full((9, 8, 3), 100, np.uint8)).save(tmp_path / "p.png")
    return tmp_path / "p.png"


def test_a_start_is_repeated_by_its_seed_and_labels_images_by_name(tmp_path: Path, picture: Path):
    small = ("kitti", "--width", "2", "--fc-width", "8")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert run("init", *small, "--seed", seed, "-o", tmp_path / f"{name}.safetensors") == 0
    a, b, c = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c
    assert run("predict", tmp_path / "a.safetensors", picture, "-o", tmp_path / "out", "--no-overlay") == 0
    with Image.open(tmp_path / "out" / "p.png") as labels:
        assert labels.size == (8, 9)


def test_the_net_is_written_too_as_a_prototxt_that_takes_its_weights(tmp_path: Path):
    net, weights = tmp_path / "w.prototxt", tmp_path / "w.safetensors"
    assert run("init", "cityscapes", "--width", "2", "--fc-width", "8", "-o", weights, "--prototxt", net) == 0
    assert run("convert", weights, tmp_path / "w.caffemodel", "--prototxt", net) == 0
    assert converter.read_weights(tmp_path / "w.caffemodel")["fc6"][0].shape == (8, 16, 7, 7)  # 8 × width


def test_classes_and_the_context_module_may_be_chosen(tmp_path: Path):
    (tmp_path / "names").write_text("ground\nball\n")
    given = ("--labels", tmp_path / "names", "--no-context", "--width", "2", "-o", tmp_path / "w.safetensors")
    assert run("init", "cityscapes", *given) == 0
    model = read_trained(tmp_path / "w.safetensors")
    assert model.label_set.classes == ("ground", "ball")
    assert (model.topology.context, model.topology.fc_width, model.stage) == (None, 64, "frontend")
    assert (model.topology.upsample, model.label_set.zoom) == (False, 8)


def test_vgg_fills_the_front_end(tmp_path: Path):
    state = torchvision_state()
    torch.save(state, tmp_path / "vgg16.pth")
    widths = ("--width", state["features.0.weight"].shape[0], "--fc-width", state["classifier.0.weight"].shape[0])
    given = (*widths, "--weights", tmp_path / "vgg16.pth", "-o", tmp_path / "w.safetensors")
    assert run("init", "pascal_voc", *given) == 0
    written = safetensors.torch.load_file(tmp_path / "w.safetensors")
    assert torch.equal(written["conv2_1.weight"], state["features.5.weight"])
    assert torch.equal(written["fc7.weight"].flatten(), state["classifier.3.weight"].flatten())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("init", "vgg_conv", "-o", "x.safetensors"), "vgg_conv has no classes"),
        (("init", "kitti", "-o", "x.pth"), "name a .safetensors file"),
        (("predict", "kitti", "P", "-o", "x"), "`dilatednet init kitti --width 4 -o w.safetensors`"),
        (
            ("evaluate", "kitti", "--data", "kitti", "--root", "x"),
            "train one from torchvision's VGG-16 or from scratch",
        ),
    ],
)
def test_what_cannot_be_done_says_what_can(
    tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
):
    given = [str(picture) if word == "P" else word.replace("x.", f"{tmp_path}/x.") for word in words]
    assert run(*given) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]
