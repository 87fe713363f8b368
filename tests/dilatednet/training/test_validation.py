"""Validation while training: what it finds, that it changes nothing, and that the best weights are kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from converter.cli import main
from converter.dilatednet import load, predict, read_image
from converter.dilatednet.training.log import is_told
from converter.dilatednet.training.loop import RunOptions
from converter.dilatednet.training.run import Start, train_stage
from converter.dilatednet.training.sources import from_lists
from tests.dilatednet.training.test_features import TILE, padded_answer
from tests.dilatednet.training.tiny_training import CLASSES, blobs, command, tiny, write_images


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_images(tmp_path_factory.mktemp("others"), count=2)


def trained(lists, folder: Path, others=None, iterations: int = 4, resume: bool = False, lines=None) -> Path:
    """A run's folder, measured on `others` after every second update."""
    train_stage(
        tiny(iterations=iterations),
        from_lists(*lists),
        RunOptions(folder, checkpoint_every=2, log_every=1),
        Start(from_scratch=True, resume=resume),
        device="cpu",
        report=(lines if lines is not None else []).append,
        validation=(from_lists(*others), 2) if others else None,
    )
    return folder


@pytest.fixture(scope="module")
def unbroken(lists, others, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(lists, tmp_path_factory.mktemp("unbroken"), others)


def found(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "val_loss" in line]


def truths(others: tuple[Path, Path]) -> list[np.ndarray]:
    return [np.array(Image.open(path)) for path in others[1].read_text().split()]


def test_the_loss_is_the_mean_over_the_cells_that_count(unbroken: Path, others: tuple[Path, Path]) -> None:
    """By hand: -log of the softmax of a padded image's logits, at the labels of every eighth pixel."""
    losses: list[float] = []
    for path, truth in zip(others[0].read_text().split(), truths(others), strict=True):
        logits = padded_answer(unbroken / "weights.safetensors", Path(path), TILE).astype(np.float64)
        logs = logits - np.log(np.exp(logits).sum(axis=0))
        labels = truth[::8, ::8]
        losses += [-logs[label, row, column] for (row, column), label in np.ndenumerate(labels) if label != 255]
    assert found(unbroken)[-1]["val_loss"] == pytest.approx(np.mean(losses), rel=1e-4)


def test_the_mean_iou_is_that_of_the_labels_of_whole_images(unbroken: Path, others: tuple[Path, Path]) -> None:
    net, counts = load(unbroken), np.zeros((CLASSES, CLASSES))
    for path, truth in zip(others[0].read_text().split(), truths(others), strict=True):
        labels = predict(net, read_image(path))
        for t, p in zip(truth[truth != 255], labels[truth != 255], strict=True):
            counts[t, p] += 1
    hits = np.diag(counts)
    iou = 100 * hits / np.maximum(counts.sum(0) + counts.sum(1) - hits, 1)
    assert found(unbroken)[-1]["val_mean_iou"] == pytest.approx(iou.mean(), abs=0.1)  # ties may fall either way


def test_validation_changes_nothing_in_training(lists, unbroken: Path, tmp_path: Path) -> None:
    plain = trained(lists, tmp_path)
    for ours, theirs in zip(blobs(plain / "weights.safetensors"), blobs(unbroken / "weights.safetensors"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found(plain) == []
    assert not (plain / "best.safetensors").exists()


def test_the_best_weights_are_kept_with_their_score(unbroken: Path) -> None:
    best = max(found(unbroken), key=lambda line: line["val_mean_iou"])
    with safe_open(unbroken / "best.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert (int(metadata["iteration"]), float(metadata["val_mean_iou"])) == (best["iteration"], best["val_mean_iou"])


def test_a_resumed_run_finds_and_keeps_the_same(lists, others, unbroken: Path, tmp_path: Path) -> None:
    trained(lists, tmp_path, others, iterations=2)
    trained(lists, tmp_path, others, resume=True)
    assert found(tmp_path) == found(unbroken)
    assert (tmp_path / "best.safetensors").read_bytes() == (unbroken / "best.safetensors").read_bytes()


def test_losses_are_told_where_no_bar_shows_them(lists, others, tmp_path: Path) -> None:
    lines: list[str] = []
    trained(lists, tmp_path, others, iterations=2, lines=lines)
    assert [line.partition(":")[0] for line in lines] == ["iteration 1 of 2", "iteration 2 of 2", "iteration 2 of 2"]
    assert "loss " in lines[0]
    assert "validation loss " in lines[2]
    assert lines[2].endswith("the best so far, kept in best.safetensors")


def test_lines_become_sparser() -> None:
    told = [number for number in range(1, 60_001) if is_told(number, 60_000)]
    assert told == [1, 10, 100, *range(3000, 60_001, 3000)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--val", "a", "b", "c"], "--val with 3 names; give a split's, or a folder of images and one of labels"),
        (["--val", "nowhere", "nowhere"], "nowhere: no folder, and no list that reads"),
    ],
)
def test_what_is_no_validation_data_is_refused(
    lists: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(command(lists, tmp_path / "run", "--iterations", "1", *more)) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
