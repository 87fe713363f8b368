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
from converter.dilatednet.datasets import Split, open_split
from converter.dilatednet.evaluate import evaluate
from converter.dilatednet.journal import Journal
from converter.dilatednet.score import score
from converter.dilatednet.zoo import find
from converter.errors import DatasetError
from tests.dilatednet.formula_nets import formula_arrays
from tests.places import GOLDENS, ROOT, VOC_ROOT

PREDICT = GOLDENS / "predict"
NET = PREDICT / "dilation8_pascal_voc_mini.prototxt"
PICTURES = ("97x61", "375x500", "500x334")
KINDS = ("weight", "bias")
TIES = 3
ABOUT = {"model": "fake", "classes": 21}


def make_voc(root: Path, pictures: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    home = root / "VOCdevkit" / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (home / folder).mkdir(parents=True)
    (home / "ImageSets" / "Segmentation" / "val.txt").write_text("".join(f"{name}\n" for name in pictures))
    for name, (image, truth) in pictures.items():
        Image.fromarray(image).save(home / "JPEGImages" / f"{name}.jpg", format="PNG")
        Image.fromarray(truth).save(home / "SegmentationClass" / f"{name}.png")
    return root


def slow_confusion(truth: np.ndarray, prediction: np.ndarray, counts: list[list[int]]) -> None:
    for t, p in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if t != 255:
            counts[t][p] += 1


def blank() -> list[list[int]]:
    return [[0] * 21 for _ in range(21)]


def made_truth(labels: np.ndarray) -> np.ndarray:
    truth = np.roll(labels, (3, 7), (0, 1))
    truth[::9] = 255
    return truth


@pytest.fixture
def noise(tmp_path: Path) -> Split:
    random = np.random.default_rng(3)
    pictures = {}
    for index in range(6):
        image = random.integers(0, 256, (5 + index, 8, 3)).astype(np.uint8)
        pictures[f"p{index}"] = (image, made_truth(label(image)))
    return open_split("voc", make_voc(tmp_path / "voc", pictures), "val", needs=("image", "labels"))


def label(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] // 13).astype(np.uint8)


def total(counts: dict[str, np.ndarray]) -> list[list[int]]:
    return np.sum(list(counts.values()), axis=0).tolist()


def expected(split: Split) -> list[list[int]]:
    counts = blank()
    for picture in split.pictures:
        with Image.open(picture.image) as image, Image.open(picture.labels) as truth:
            slow_confusion(np.asarray(truth), label(np.asarray(image)), counts)
    return counts


@pytest.mark.parametrize("workers", [1, 3])
def test_the_confusion_equals_a_loop_over_pixels(noise: Split, workers: int):
    counts = evaluate(noise, label, workers=workers)
    assert list(counts) == [f"p{index}" for index in range(6)]
    assert total(counts) == expected(noise)


def test_the_shares_of_two_processes_make_the_whole(noise: Split):
    shares = [evaluate(noise, label, share=(rank, 2)) for rank in range(2)]
    assert [list(share) for share in shares] == [["p0", "p2", "p4"], ["p1", "p3", "p5"]]
    assert total(shares[0] | shares[1]) == expected(noise)


def test_an_interrupted_run_goes_on_with_the_pictures_that_are_not_finished(noise: Split, tmp_path: Path):
    calls = []

    def interrupted(image: np.ndarray) -> np.ndarray:
        calls.append(image.shape[0])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return label(image)

    with Journal(tmp_path / "run", ABOUT) as journal, pytest.raises(KeyboardInterrupt):
        evaluate(noise, interrupted, journal=journal)
    with Journal(tmp_path / "run", ABOUT) as journal:
        counts = evaluate(noise, interrupted, journal=journal)
    assert calls == [5, 6, 7, 8, 8, 9, 10]
    assert total(counts) == expected(noise)


def test_a_run_begun_by_two_processes_is_finished_by_one(noise: Split, tmp_path: Path):
    for rank in range(2):
        with Journal(tmp_path / "run", ABOUT, rank) as journal:
            evaluate(
                Split(noise.layout, "val", noise.root, noise.pictures[:4]), label, journal=journal, share=(rank, 2)
            )
    calls = []
    with Journal(tmp_path / "run", ABOUT) as journal:
        counts = evaluate(noise, lambda image: calls.append(image.shape[0]) or label(image), journal=journal)
    assert calls == [9, 10]
    assert total(counts) == expected(noise)


@pytest.mark.parametrize("torn", [1, 2, 20, 60])
def test_a_torn_last_line_is_no_finished_picture_and_spoils_no_new_one(noise: Split, tmp_path: Path, torn: int):
    with Journal(tmp_path / "run", ABOUT) as journal:
        evaluate(noise, label, journal=journal)
    lines = tmp_path / "run" / "pictures-0.jsonl"
    whole = lines.read_bytes()
    lines.write_bytes(whole[:-torn])
    for _ in range(2):
        with Journal(tmp_path / "run", ABOUT) as journal:
            assert total(evaluate(noise, label, journal=journal)) == expected(noise)
            assert len(journal.finished()) == 6


def test_a_journal_of_another_evaluation_is_refused(tmp_path: Path):
    Journal(tmp_path / "run", ABOUT).__exit__(None, None, None)
    with pytest.raises(DatasetError, match=r"holds another evaluation: model 'fake' \(now 'other'\); name another"):
        Journal(tmp_path / "run", {"model": "other", "classes": 21})


def test_saved_predictions_score_the_same_and_a_missing_one_is_made_again(noise: Split, tmp_path: Path):
    for _ in range(2):
        with Journal(tmp_path / "run", ABOUT) as journal:
            evaluate(noise, label, journal=journal, save=tmp_path / "out")
        assert score(noise, tmp_path / "out").matrix.tolist() == expected(noise)
        (tmp_path / "out" / "p3.png").unlink()


def test_a_picture_and_truth_of_different_sizes_are_an_error(noise: Split):
    Image.fromarray(np.zeros((5, 9), np.uint8)).save(noise.pictures[0].labels)
    with pytest.raises(DatasetError, match=r"p0\.png: the truth is 9×5, the picture 8×5"):
        evaluate(noise, label)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mini.safetensors"
    arrays = formula_arrays(find("dilation8_pascal_voc").narrowed(4, 128).topology)
    save_file(
        {f"{layer}.{kind}": blob for layer in arrays for kind, blob in zip(KINDS, arrays[layer], strict=True)}, path
    )
    return path


@pytest.fixture
def golden_voc(tmp_path: Path) -> tuple[Path, list[list[int]]]:
    """Caffe's pictures as a validation split, and the confusion of Caffe's own label maps."""
    pictures, counts = {}, blank()
    for name in PICTURES:
        with Image.open(PREDICT / f"pascal_voc_{name}_image.png") as image:
            answer = np.load(PREDICT / f"pascal_voc_{name}.npz")["labels"]
            truth = made_truth(answer)
            pictures[name] = (np.array(image), truth)
        slow_confusion(truth, answer, counts)
    return make_voc(tmp_path / "golden", pictures), counts


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
    torchrun(1, arguments(weights, root, tmp_path / "1.json"))
    torchrun(2, arguments(weights, root, tmp_path / "2.json", "--resume", str(tmp_path / "run")))
    one, two = (json.loads((tmp_path / f"{number}.json").read_text()) for number in (1, 2))
    assert one["confusion"] == two["confusion"]
    assert one["by_picture"] == two["by_picture"]
    assert differing_pixels(tmp_path / "2.json", counts) <= TIES
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["pictures-0.jsonl", "pictures-1.jsonl", "run.json"]


@pytest.mark.voc
def test_real_pictures_count_the_same_with_one_and_two_processes_and_by_a_loop(weights: Path, tmp_path: Path):
    saved = tmp_path / "saved"
    assert (
        main(arguments(weights, VOC_ROOT, tmp_path / "1.json", "--only-present", "--save-predictions", str(saved))) == 0
    )
    torchrun(2, arguments(weights, VOC_ROOT, tmp_path / "2.json", "--only-present"))
    counts = blank()
    pictures = sorted(saved.iterdir())
    for path in pictures:
        mask = VOC_ROOT / "VOCdevkit" / "VOC2012" / "SegmentationClass" / path.name
        with Image.open(path) as prediction, Image.open(mask) as truth:
            slow_confusion(np.asarray(truth), np.asarray(prediction), counts)
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
    noise: Split, weights: Path, capsys: pytest.CaptureFixture[str], model: str, more: list[str], text: str
):
    command = ["evaluate", model, "--weights", str(weights), "--data", "voc", "--root", str(noise.root), *more]
    assert main(command) == 2
    assert text in capsys.readouterr().err


def test_pictures_that_are_not_there_are_told_before_anything_runs(
    noise: Split, weights: Path, capsys: pytest.CaptureFixture[str]
):
    noise.pictures[2].image.unlink()
    assert main(arguments(weights, noise.root, noise.root / "out.json")) == 2
    assert "1 of 6 pictures of val lack a file" in capsys.readouterr().err
