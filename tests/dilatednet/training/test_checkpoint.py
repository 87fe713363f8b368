"""Checkpoints on disk: named by their updates, the newest kept, the newest read, damaged ones refused."""

from pathlib import Path

import pytest
import torch

from converter.dilatednet.training import checkpoint
from converter.dilatednet.training.checkpoint import (
    Checkpoint,
    checkpoints,
    latest_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from converter.errors import TrainingError


def made(iteration: int) -> Checkpoint:
    return Checkpoint(iteration, 10 * iteration, 2, {"a": torch.tensor([float(iteration)])}, {"momentum": 0.5})


def save(folder: Path, *iterations: int, keep: int = 99) -> list[str]:
    for iteration in iterations:
        save_checkpoint(folder, made(iteration), keep)
    return [path.name for path in checkpoints(folder)]


def test_the_newest_few_are_kept(tmp_path: Path) -> None:
    assert save(tmp_path, 3, 6, 9, 12, keep=2) == ["checkpoint-00000009.pt", "checkpoint-00000012.pt"]
    assert save(tmp_path, 15, keep=1) == ["checkpoint-00000015.pt"]


def test_they_stand_oldest_first_and_the_newest_is_read(tmp_path: Path) -> None:
    assert save(tmp_path, 100, 20, 3) == [f"checkpoint-{number:08d}.pt" for number in (3, 20, 100)]
    newest = latest_checkpoint(tmp_path)
    assert newest is not None
    assert (newest.iteration, newest.position, newest.current_step) == (100, 1000, 2)
    assert newest.weights["a"].item() == 100
    assert newest.optimizer == {"momentum": 0.5}


def test_a_folder_without_any_has_none(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-5.pt").touch()
    (tmp_path / "checkpoint-00000005.pt.part").touch()
    assert checkpoints(tmp_path) == []
    assert latest_checkpoint(tmp_path) is None


def test_one_that_another_program_deletes_in_that_moment_is_no_error(tmp_path: Path, monkeypatch) -> None:
    save(tmp_path, 1, 2)
    seen = checkpoints(tmp_path)
    monkeypatch.setattr(checkpoint, "checkpoints", lambda _folder: [tmp_path / "checkpoint-00000000.pt", *seen])
    save_checkpoint(tmp_path, made(3), 1)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"checkpoint-0000000{number}.pt" for number in (2, 3)]


def test_its_path_is_given_back(tmp_path: Path) -> None:
    assert save_checkpoint(tmp_path, made(7), 1) == tmp_path / "checkpoint-00000007.pt"


def test_a_damaged_one_and_one_of_another_program_are_refused(tmp_path: Path) -> None:
    save(tmp_path, 1)
    path = tmp_path / "checkpoint-00000001.pt"
    torch.save({"iteration": 1}, path)
    with pytest.raises(TrainingError, match="it has no position, current_step, weights, optimizer"):
        load_checkpoint(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TrainingError, match=r"does not read: .*; delete it to go on from the one before"):
        latest_checkpoint(tmp_path)
