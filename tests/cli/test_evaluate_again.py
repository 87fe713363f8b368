"""`evaluate` in a folder that holds finished images: the same run goes on, any other is refused; --limit."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from converter.cli import _network, main
from converter.cli.evaluate import arguments as declare
from tests.data.made_voc import make_voc

ZERO = np.zeros((4, 5), np.uint8)


class Fake:
    """A net that calls every pixel class 0, and counts the images that it was given."""

    def __init__(self) -> None:
        self.images = 0

    def __call__(self, _module, images, _model, **_options) -> list[np.ndarray]:
        self.images += len(images)
        return [np.zeros(image.shape[:2], np.uint8) for image in images]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    net = Fake()
    monkeypatch.setattr(_network, "network", lambda _args, _model, _device: (None, None))
    monkeypatch.setattr("converter.dilatednet.inference.batches.predict_many", net)
    return net


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """An evaluation of three images of 20 pixels, whose truth is class 0."""
    image = (np.zeros((4, 5, 3), np.uint8), ZERO)
    root = make_voc(tmp_path / "voc", dict.fromkeys("abc", image))
    save_file({"conv.weight": np.zeros(1, np.float32)}, tmp_path / "w.safetensors")
    (tmp_path / "net.prototxt").write_text("")
    line = ["evaluate", "dilation8_pascal_voc", "--weights", str(tmp_path / "w.safetensors"), "--data", "voc"]
    return [*line, "--root", str(root), "--json", str(tmp_path / "out.json"), "--resume", str(tmp_path / "run")]


def counted(folder: Path) -> int:
    """Pixels of class 0 called class 0."""
    return json.loads((folder / "out.json").read_text())["confusion"][0][0]


def test_the_same_evaluation_goes_on_and_runs_nothing_again(fake: Fake, command: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert main(command) == 0
        assert counted(tmp_path) == 3 * 20
    assert fake.images == 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--dtype", "bfloat16"], "dtype was float32, now bfloat16"),
        (["--prototxt", "FOLDER/net.prototxt"], "prototxt_sha256 was null, now e3b0c44298fc"),  # of no bytes
    ],
)
def test_other_settings_are_refused(fake: Fake, command: list[str], tmp_path: Path, capsys, more, words: str) -> None:
    assert main(command) == 0
    assert main([*command, *(word.replace("FOLDER", str(tmp_path)) for word in more)]) == 2
    assert words in capsys.readouterr().err
    assert fake.images == 3


def test_other_weights_under_the_same_name_are_refused(fake: Fake, command: list[str], tmp_path: Path, capsys) -> None:
    assert main(command) == 0
    changed = load_file(tmp_path / "w.safetensors")
    save_file({name: blob + 1 for name, blob in changed.items()}, tmp_path / "w.safetensors")
    assert main(command) == 2
    assert "weights_sha256 was" in capsys.readouterr().err
    assert fake.images == 3


def test_an_image_whose_labels_were_edited_is_counted_again(fake: Fake, command: list[str], tmp_path: Path) -> None:
    assert main(command) == 0
    labels = next((tmp_path / "voc").rglob("SegmentationClass/b.png"))
    Image.fromarray(np.full((4, 5), 255, np.uint8)).save(labels)
    assert main(command) == 0
    assert counted(tmp_path) == 2 * 20
    assert fake.images == 4


def test_labels_read_otherwise_are_refused(fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / part / "a.png")
    save_file({"conv.weight": np.zeros(1, np.float32)}, tmp_path / "w.safetensors")
    own = ["--images", str(tmp_path / "images"), "--labels-dir", str(tmp_path / "labels"), "--classes", "21"]
    line = ["evaluate", "dilation8_pascal_voc", "--weights", str(tmp_path / "w.safetensors"), *own]
    assert main([*line, "--resume", str(tmp_path / "run")]) == 0
    assert main([*line, "--resume", str(tmp_path / "run"), "--ignore", "0"]) == 2
    assert "ignore was not recorded, now [0]" in capsys.readouterr().err


def test_a_net_of_other_classes_is_refused_before_it_runs(fake: Fake, command: list[str], capsys) -> None:
    command[1] = "dilation7_kitti"
    assert main(command) == 2
    assert "dilation7_kitti knows 11 classes, PASCAL VOC 2012 21" in capsys.readouterr().err
    assert fake.images == 0


def test_weights_may_be_the_folder_that_a_training_wrote(fake: Fake, command: list[str], tmp_path: Path) -> None:
    (tmp_path / "trained").mkdir()
    (tmp_path / "w.safetensors").rename(tmp_path / "trained" / "weights.safetensors")
    command[command.index("--weights") + 1] = str(tmp_path / "trained")
    assert main(command) == 0
    assert fake.images == 3


def test_afresh_runs_all_again(fake: Fake, command: list[str]) -> None:
    assert main(command) == 0
    assert main([*command, "--dtype", "bfloat16", "--afresh"]) == 0
    assert fake.images == 6


@pytest.mark.parametrize(("limit", "images"), [("1", 1), ("2", 2), ("3", 3), ("9", 3)])
def test_a_limit_takes_the_first_images_alone(fake: Fake, command: list[str], tmp_path: Path, limit, images) -> None:
    assert main([*command, "--limit", limit]) == 0
    assert counted(tmp_path) == images * 20
    assert fake.images == images


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "many"])
def test_a_limit_that_is_no_count_is_wrong_usage(command: list[str], capsys, limit: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--limit", limit])
    assert ended.value.code == 2
    assert "expected a whole number of at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--batch"])
@pytest.mark.parametrize("count", ["0", "-2", "½"])
def test_threads_and_batches_are_at_least_1(command: list[str], capsys, option: str, count: str) -> None:
    with pytest.raises(SystemExit):
        main([*command, option, count])
    assert "expected a whole number of at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(("more", "sizes"), [([], (1, 1)), (["--batch", "2", "--workers", "3"], (2, 3))])
def test_tiles_together_and_images_ahead_are_one_on_a_cpu(command: list[str], monkeypatch, more, sizes) -> None:
    from converter.dilatednet.evaluation import evaluate

    seen = {}
    monkeypatch.setattr(_network, "network", lambda _args, _model, _device: (None, (7, 8)))

    def predict_many(_module, images, model, *, input_size, batch):
        seen.update(tiles=batch, model=model.name, size=input_size)
        return [ZERO for _ in images]

    def counting(*arguments, workers, batch, **options):
        seen.update(workers=workers, batch=batch)
        return whole(*arguments, workers=workers, batch=batch, **options)

    whole = evaluate.evaluate
    monkeypatch.setattr("converter.dilatednet.inference.batches.predict_many", predict_many)
    monkeypatch.setattr(evaluate, "evaluate", counting)
    assert main([*command, *more]) == 0
    batch, workers = sizes
    assert seen == {
        "tiles": batch, "batch": batch, "workers": workers, "model": "dilation8_pascal_voc", "size": (7, 8),
    }  # fmt: skip


def test_options_have_their_defaults() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    declare(parser)
    args = parser.parse_args(["M", "--weights", "W", "--data", "voc", "--root", "R"])
    assert (args.device, args.dtype, args.compile, args.afresh, args.limit) == ("cpu", "float32", False, False, None)
