"""What `train` hands on: each option's place in the recipe, the run and its start; what it prints; how it ends."""

import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.dilatednet.training import run
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.run import Outcome
from tests.dilatednet.training.tiny_training import write_images

LINE = ["train", "frontend", "--preset", "voc", "--out", "OUT"]


class Recorded:
    """A training that only notes what it was given."""

    def __init__(self) -> None:
        self.outcome = Outcome(True, 8, Path("OUT/weights.safetensors"))
        self.recipe: Any = None
        self.options: Any = None
        self.start: Any = None
        self.source: Any = None
        self.device = ""
        self.validation: Any = None

    def __call__(self, recipe, source, options, start, *, device, tell, on_request, validation=None, **_more):
        self.validation = validation
        self.recipe, self.source, self.options, self.start, self.device = recipe, source, options, start, device
        tell("a note \x1b")
        on_request()
        return self.outcome


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    training = Recorded()
    monkeypatch.setattr(run, "train_stage", training)
    return training


@pytest.fixture
def lists(tmp_path: Path) -> list[str]:
    images, labels = write_images(tmp_path, count=4)
    return ["--images", str(images), "--label-list", str(labels), "--classes", "21"]


def test_without_options_all_is_the_presets_and_the_defaults_of_the_help(recorded, lists, capsys) -> None:
    assert main([*LINE, *lists]) == 0
    assert recorded.recipe == recipe("voc", "frontend")
    options = recorded.options
    assert (options.folder, options.precision, options.channels_last) == (Path("OUT"), "fp32", False)
    assert (options.workers, options.checkpoint_every, options.keep, options.log_every) == (2, 2000, 3, 20)
    assert options.divergence_stop is True
    start = recorded.start
    assert (start.weights, start.from_scratch, start.resume, start.afresh) == ((), False, False, False)
    assert recorded.device == ""
    told = capsys.readouterr()
    assert told.out == "OUT/weights.safetensors\n"
    assert told.err == "note: a note \\x1b\n"


NUMBERS = {
    "batch": 3, "crop": 380, "rate": 0.25, "momentum": 0.5, "iterations": 7, "weight_decay": 0.125, "policy": "step",
    "gamma": 0.75, "power": 2.0, "stepsize": 9, "accumulate": 2, "clip_gradients": 1.5, "dropout": 0.25, "depth": 5,
    "context": "large", "width": 6, "fc_width": 10, "noise": 0.5, "classes": 4, "seed": 11,
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_each_number_of_the_recipe_is_overridden_alone(recorded, lists, name: str) -> None:
    stage = "joint" if name in ("depth", "context", "noise") else "frontend"  # the front end has no context module
    line = [stage if word == "frontend" else word for word in LINE]
    assert main([*line, *lists, f"--{name.replace('_', '-')}", str(NUMBERS[name])]) == 0
    assert asdict(recorded.recipe) == {**asdict(recipe("voc", stage)), name: NUMBERS[name]}


def test_lists_and_switches_of_the_recipe(recorded, lists) -> None:
    more = ["--stepvalues", "3", "5", "--policy", "multistep", "--mean", "1", "2", "3", "--no-mirror"]
    assert main([*LINE, *lists, *more, "--upsampled-labels"]) == 0
    chosen = recorded.recipe
    assert (chosen.stepvalues, chosen.mean, chosen.mirror, chosen.upsampled_labels) == ((3, 5), (1, 2, 3), False, True)


def test_options_of_the_run_and_its_start(recorded, lists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.dilatednet.trained.numbers_of_runs", lambda _weights, _model: ({}, None))
    more = ["--weights", "a", "--weights", "b", "--from-scratch", "--resume", "--precision", "bf16", "--channels-last"]
    more += ["--workers", "5", "--checkpoint-every", "6", "--keep", "7", "--log-every", "8", "--no-divergence-stop"]
    assert main([*LINE, *lists, *more, "--device", "cpu"]) == 0
    options, start = recorded.options, recorded.start
    assert (start.weights, start.from_scratch, start.resume, start.afresh) == (("a", "b"), True, True, False)
    assert (options.precision, options.channels_last, options.divergence_stop) == ("bf16", True, False)
    assert (options.workers, options.checkpoint_every, options.keep, options.log_every) == (5, 6, 7, 8)
    assert recorded.device == "cpu"


def test_resume_and_afresh_exclude_each_other(recorded, lists) -> None:
    with pytest.raises(SystemExit):
        main([*LINE, *lists, "--resume", "--afresh"])
    assert main([*LINE, *lists, "--afresh"]) == 0
    assert recorded.start.afresh is True


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_stopped_by_a_signal_ends_as_a_shell_says_it(recorded, lists, capsys, number: int, status: int) -> None:
    recorded.outcome = Outcome(False, 5, Path("w"), stopped_by=number)
    assert main([*LINE, *lists]) == status
    told = capsys.readouterr()
    assert "note: stopped after iteration 5, saved; go on with --resume, use w" in told.err
    assert told.out == ""


@pytest.mark.parametrize("finished", [True, False])
def test_of_several_processes_the_first_alone_tells(recorded, lists, capsys, finished: bool) -> None:
    recorded.outcome = Outcome(finished, 5, Path("w"), first=False, stopped_by=0 if finished else 2)
    assert main([*LINE, *lists]) == (0 if finished else 130)
    told = capsys.readouterr()
    assert told.out == ""
    assert "stopped" not in told.err


def test_hearing_a_signal_is_said_at_once(recorded, lists, capfd) -> None:
    assert main([*LINE, *lists]) == 0
    assert "finishing this update, then saving; once more ends at once, without\n" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "no images to work on; give --data NAME --root DIR"),
        (["--images", "a"], "nothing tells the classes of this data; give --labels FILE"),
        (["--label-list", "a"], "nothing tells the classes of this data; give --labels FILE"),
    ],
)
def test_without_images_there_is_nothing_to_train_on(recorded, capsys, more: list[str], words: str) -> None:
    assert main([*LINE, *more]) == 2
    assert words in capsys.readouterr().err


def camvid(folder: Path) -> list[str]:
    """A split of three images in SegNet's layout, whose list is `train`."""
    for name in ("train", "trainannot"):
        (folder / "CamVid" / name).mkdir(parents=True)
    for index in range(3):
        Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(folder / f"CamVid/train/{index}.png")
        Image.fromarray(np.zeros((4, 5), np.uint8)).save(folder / f"CamVid/trainannot/{index}.png")
    lines = "".join(f"/SegNet/CamVid/train/{i}.png /SegNet/CamVid/trainannot/{i}.png\n" for i in range(3))
    (folder / "CamVid/train.txt").write_text(lines)
    return ["train", "frontend", "--preset", "camvid", "--out", "OUT", "--data", str(folder)]


@pytest.mark.parametrize(("more", "count"), [([], 3), (["--limit", "2"], 2), (["--limit", "1"], 1)])
def test_a_limit_takes_the_first_images_of_the_split(recorded, tmp_path: Path, more: list[str], count: int) -> None:
    assert main([*camvid(tmp_path), *more]) == 0
    assert [Path(image).name for image, _ in recorded.source.pairs] == [f"{index}.png" for index in range(count)]


def test_images_that_are_not_there_are_left_out_where_that_is_asked_for(recorded, tmp_path: Path, capsys) -> None:
    line = camvid(tmp_path)
    (tmp_path / "CamVid/train/1.png").unlink()
    assert main(line) == 2
    assert main([*line, "--only-present"]) == 0
    assert [Path(image).name for image, _ in recorded.source.pairs] == ["0.png", "2.png"]
    assert "note: " in capsys.readouterr().err


def test_the_context_stage_wants_features(recorded, tmp_path: Path, capsys) -> None:
    line = camvid(tmp_path)
    line[1] = "context"
    assert main(line) == 2
    assert "the context stage trains on stored features" in capsys.readouterr().err
    (tmp_path / "maps").mkdir()
    for index in range(3):
        (tmp_path / f"maps/{index}.bin").write_bytes(b"")
    assert main([*line, "--features", str(tmp_path / "maps")]) == 0
    assert [Path(name).name for name, _ in recorded.source.pairs] == ["0.bin", "1.bin", "2.bin"]


def test_a_stage_must_be_named(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train"])
    assert ended.value.code == 2
    assert "STAGE" in capsys.readouterr().err


def test_options_that_every_command_has_may_follow_the_stage(recorded, tmp_path: Path) -> None:
    line = camvid(tmp_path)
    assert main([*line, "--max-memory", "900GB"]) == 0


def test_what_is_measured_on_is_a_split_or_two_folders(recorded, tmp_path: Path, capsys) -> None:
    line = camvid(tmp_path)
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / name / "mine.png")
    assert main(line) == 0
    assert recorded.validation is None
    assert main([*line, "--val", str(tmp_path / "images"), str(tmp_path / "labels"), "--classes", "11"]) == 0
    (pair,) = recorded.validation[0].pairs
    assert pair == (str(tmp_path / "images/mine.png"), str(tmp_path / "labels/mine.png"))
    assert main([*line, "--val", "train"]) == 0
    assert len(recorded.validation[0].pairs) == 3
    assert main([*line, "--val", "a", "b", "c"]) == 2
    assert "--val with 3 names" in capsys.readouterr().err
