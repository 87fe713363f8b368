"""How a run is opened, begun, gone on with and begun afresh, without a single update."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from converter.dilatednet.training.checkpoint import Checkpoint, checkpoints, save_checkpoint
from converter.dilatednet.training.loop import Run, RunOptions
from converter.dilatednet.training.run import Outcome, Start, train_stage
from converter.dilatednet.training.sources import from_lists
from converter.errors import TrainingError
from tests.dilatednet.training.tiny_training import CLASSES, tiny, write_images

SCRATCH = Start(from_scratch=True)


class Still:
    """What runs were made, and with which checkpoint each was asked to train."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.resumed: list[Checkpoint | None] = []
        self.finished = True

    def train(self, run: Run, resumed: Checkpoint | None = None) -> bool:
        self.runs.append(run)
        self.resumed.append(resumed)
        run.iteration, run.stopped_by = 4, 0 if self.finished else 15
        return self.finished


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Still:
    found = Still()
    monkeypatch.setattr(Run, "train", lambda run, resumed=None: found.train(run, resumed))
    return found


@pytest.fixture
def source(tmp_path: Path):
    return from_lists(*write_images(tmp_path, count=4))


def begun(folder: Path, source, start: Start = SCRATCH, told: list[str] | None = None, **overrides) -> Outcome:
    tell = (told if told is not None else []).append
    return train_stage(tiny(**overrides), source, RunOptions(folder), start, device="cpu", tell=tell)


def saved(folder: Path, run: Run, iteration: int = 4) -> dict[str, torch.Tensor]:
    """A checkpoint whose weights are the run's, each one more."""
    weights = {name: value + 1 for name, value in run.net.net.state_dict().items()}
    save_checkpoint(folder, Checkpoint(iteration, 8, 0, weights, {}), 3)
    return weights


def test_a_new_run_begins_with_the_seeds_net_and_tells_what_is_not_filled(still, source, tmp_path: Path) -> None:
    told: list[str] = []
    outcome = begun(tmp_path / "out", source, told=told)
    assert outcome == Outcome(True, 4, tmp_path / "out" / "weights.safetensors", True, 0)
    assert still.resumed == [None]
    assert told[0] == "no weights to begin with: the front end is random, seed 0"
    begun(tmp_path / "same", source)
    begun(tmp_path / "other", source, seed=1)
    first, same, other = (run.net.net.state_dict()["conv1_1.weight"] for run in still.runs)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_run_that_was_stopped_says_by_what(still, source, tmp_path: Path) -> None:
    still.finished = False
    outcome = begun(tmp_path / "out", source)
    assert (outcome.finished, outcome.stopped_by, outcome.iteration) == (False, 15, 4)


def test_a_run_without_weights_is_refused_unless_from_scratch(still, source, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="give --weights, or --from-scratch"):
        begun(tmp_path / "out", source, Start())


def test_a_folder_that_holds_a_run_is_gone_on_with_only_where_that_is_asked_for(still, source, tmp_path: Path) -> None:
    begun(tmp_path / "out", source)
    weights = saved(tmp_path / "out", still.runs[0])
    with pytest.raises(TrainingError, match=r"holds a run \(checkpoint-00000004\.pt\); add --resume"):
        begun(tmp_path / "out", source)
    told: list[str] = []
    begun(tmp_path / "out", source, Start(resume=True), told)
    assert told == ["going on after iteration 4"]
    resumed = still.resumed[-1]
    assert resumed is not None
    assert resumed.position == 8
    for name, value in still.runs[-1].net.net.state_dict().items():
        assert torch.equal(value, weights[name])


def test_the_weights_beside_a_checkpoint_are_written_again(still, source, tmp_path: Path) -> None:
    """A kill may have come between the two."""
    begun(tmp_path / "out", source)
    weights = saved(tmp_path / "out", still.runs[0])
    begun(tmp_path / "out", source, Start(resume=True))
    with safe_open(tmp_path / "out" / "weights.safetensors", "np") as file:
        assert file.metadata()["iteration"] == "4"
        np.testing.assert_array_equal(file.get_tensor("conv1_1.weight"), weights["conv1_1.weight"].numpy())


def test_a_run_begun_afresh_has_nothing_of_the_one_before(still, source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    begun(out, source)
    saved(out, still.runs[0])
    for name in ("log.jsonl", "weights.safetensors", "mine.txt"):
        (out / name).touch()
    begun(out, source, replace(SCRATCH, afresh=True), seed=5)
    assert checkpoints(out) == []
    assert sorted(path.name for path in out.iterdir()) == ["made-by.json", "mine.txt", "net.prototxt"]
    assert still.resumed[-1] is None


@pytest.mark.parametrize(("mean", "wanted"), [((), (102.93, 111.36, 116.52)), ((1.0, 2.0, 3.0), (1.0, 2.0, 3.0))])
def test_items_have_the_recipes_mean_or_the_data_sets_and_the_recipes_classes(still, source, tmp_path, mean, wanted):
    begun(tmp_path / "out", source, mean=mean)
    items = still.runs[0].items
    assert items.data.settings.mean == wanted
    assert items.classes == CLASSES


def test_a_start_is_neither_resumed_nor_afresh_nor_from_scratch_unless_said() -> None:
    assert Start() == Start((), from_scratch=False, resume=False, afresh=False)


def test_a_recipe_that_cannot_train_is_refused_before_anything_is_made(still, source, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="a multiple of 8"):
        train_stage(replace(tiny(), crop=501), source, RunOptions(tmp_path / "out"), SCRATCH, device="cpu")
    assert not (tmp_path / "out").exists()
