import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from converter.cli import main
from converter.dilatednet.zoo import find
from tests.data.made_voc import blank, made_truth, make_voc, slow_confusion
from tests.dilatednet.formula_nets import formula_arrays
from tests.places import GOLDENS, ROOT, VOC_ROOT

PREDICT = GOLDENS / "predict"
NET = PREDICT / "dilation8_pascal_voc_mini.prototxt"
PICTURES = ("97x61", "375x500", "500x334")
KINDS = ("weight", "bias")
TIES = 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mini.safetensors"
    arrays = formula_arrays(find("dilation8_pascal_voc").with_width(4, 128).topology)
    save_file(
        {f"{layer}.{kind}": blob for layer in arrays for kind, blob in zip(KINDS, arrays[layer], strict=True)}, path
    )
    return path


@pytest.fixture
def golden_voc(tmp_path: Path) -> tuple[Path, list[list[int]]]:
    """Caffe's images as a validation split, and the confusion of Caffe's own label maps."""
    pictures, counts = {}, blank()
    for name in PICTURES:
        with Image.open(PREDICT / f"pascal_voc_{name}_image.png") as image:
            answer = np.load(PREDICT / f"pascal_voc_{name}.npz")["labels"]
            ground_truth = made_truth(answer)
            pictures[name] = (np.array(image), ground_truth)
        slow_confusion(ground_truth, answer, counts)
    return make_voc(tmp_path / "golden", pictures), counts


@pytest.fixture
def plain_voc(tmp_path: Path) -> Path:
    blank_image = (np.zeros((8, 9, 3), np.uint8), np.zeros((8, 9), np.uint8))
    return make_voc(tmp_path / "plain", {"a": blank_image, "b": blank_image})


def arguments(weights: Path, root: Path, out: Path, *more: str) -> list[str]:
    data = ["--data", "voc", "--root", str(root), "--json", str(out)]
    return ["evaluate", "dilation8_pascal_voc", "--weights", str(weights), *data, *more]


def torchrun(processes: int, command: list[str]) -> None:
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "converter"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, *launch, *command], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr


def differing_pixels(file: Path, counts: list[list[int]]) -> int:
    """How many pixels were counted in another cell."""
    return int(np.abs(np.array(json.loads(file.read_text())["confusion"]) - counts).sum()) // 2


@pytest.mark.parametrize("prototxt", [[], ["--prototxt", str(NET)]])
def test_the_command_counts_as_the_original_pipelines_label_maps_do_up_to_ties(
    golden_voc: tuple[Path, list[list[int]]], weights: Path, tmp_path: Path, prototxt: list[str]
):
    root, counts = golden_voc
    more = ["--resume", str(tmp_path / "run"), "--report", str(tmp_path / "report.html"), *prototxt]
    assert main(arguments(weights, root, tmp_path / "out.json", *more)) == 0
    assert (tmp_path / "report.html").read_text().count("<img") == 3 * len(PICTURES)
    # Two classes whose probabilities agree to the last float32 digits: 1 of 320,042 pixels where this was written.
    assert differing_pixels(tmp_path / "out.json", counts) <= TIES


def test_two_processes_count_the_same_as_one(golden_voc: tuple[Path, list[list[int]]], weights: Path, tmp_path: Path):
    root, counts = golden_voc
    assert main(arguments(weights, root, tmp_path / "1.json")) == 0
    torchrun(2, arguments(weights, root, tmp_path / "2.json", "--resume", str(tmp_path / "run")))
    one, two = (json.loads((tmp_path / f"{number}.json").read_text()) for number in (1, 2))
    assert one["confusion"] == two["confusion"]
    assert one["by_image"] == two["by_image"]
    assert differing_pixels(tmp_path / "2.json", counts) <= TIES
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["images-0.jsonl", "images-1.jsonl", "made-by.json"]


@pytest.mark.voc
def test_real_images_count_the_same_with_one_and_two_processes_and_by_a_loop(weights: Path, tmp_path: Path):
    saved = tmp_path / "saved"
    assert (
        main(arguments(weights, VOC_ROOT, tmp_path / "1.json", "--only-present", "--save-predictions", str(saved))) == 0
    )
    torchrun(2, arguments(weights, VOC_ROOT, tmp_path / "2.json", "--only-present"))
    counts = blank()
    pictures = sorted(saved.glob("*.png"))
    for path in pictures:
        mask = VOC_ROOT / "VOCdevkit" / "VOC2012" / "SegmentationClass" / path.name
        with Image.open(path) as prediction, Image.open(mask) as ground_truth:
            slow_confusion(np.asarray(ground_truth), np.asarray(prediction), counts)
    assert len(pictures) == 5
    for name in ("1.json", "2.json"):
        assert json.loads((tmp_path / name).read_text())["confusion"] == counts


@pytest.mark.parametrize(
    ("model", "more", "text"),
    [
        ("dilation7_kitti", [], "dilation7_kitti knows 11 classes, PASCAL VOC 2012 21"),
        ("dilation8_pascal_voc", ["--device", "cuda:99"], "device 'cuda:99' cannot be used"),
        ("dilation8_pascal_voc", ["--weights", "nowhere.caffemodel"], "no such weights"),
        ("resnet", [], "'resnet' is not a known model"),
    ],
)
def test_bad_input_is_one_error_and_exit_code_2(
    plain_voc: Path, weights: Path, capsys: pytest.CaptureFixture[str], model: str, more: list[str], text: str
):
    command = ["evaluate", model, "--weights", str(weights), "--data", "voc", "--root", str(plain_voc), *more]
    assert main(command) == 2
    assert text in capsys.readouterr().err


def test_images_that_are_not_there_are_told_before_anything_runs(
    plain_voc: Path, weights: Path, capsys: pytest.CaptureFixture[str]
):
    (plain_voc / "VOCdevkit" / "VOC2012" / "JPEGImages" / "b.jpg").unlink()
    assert main(arguments(weights, plain_voc, plain_voc / "out.json")) == 2
    assert "1 of 2 images of val lack a file" in capsys.readouterr().err
