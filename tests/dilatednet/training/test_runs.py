"""Runs: what they leave behind, and that breaking them changes nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from converter.dilatednet.training.checkpoint import checkpoints
from converter.dilatednet.training.distributed import select_device
from converter.dilatednet.training.loss import valid_loss
from converter.dilatednet.training.run import Start
from converter.dilatednet.training.stages import build_optimizer, build_stage
from converter.errors import DatasetError, OutputError, TrainingError
from tests.dilatednet.training.tiny_training import blobs, run, tiny, write_images

RESUME = Start(from_scratch=True, resume=True)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def unbroken(lists: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of eight updates in one go."""
    folder = tmp_path_factory.mktemp("unbroken")
    assert run(lists, folder, tiny()).finished
    return folder


def log_of(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_weights_a_log_its_recipe_and_the_newest_checkpoints(unbroken: Path) -> None:
    assert [path.name for path in checkpoints(unbroken)] == ["checkpoint-00000006.pt", "checkpoint-00000008.pt"]
    assert [line["iteration"] for line in log_of(unbroken)] == list(range(1, 9))
    assert {line["rate"] for line in log_of(unbroken)} == {0.0001}
    assert json.loads((unbroken / "made-by.json").read_text())["checkpoints"]["rate"] == 0.0001
    assert len(blobs(unbroken / "weights.safetensors")) == 2 * 16
    assert not list(unbroken.glob("*.part"))


def test_the_first_loss_is_the_logarithm_of_the_classes(unbroken: Path) -> None:
    assert log_of(unbroken)[0]["loss"] == pytest.approx(np.log(3), abs=0.05)


def test_a_resumed_run_equals_an_unbroken_one(lists: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    assert run(lists, tmp_path, tiny(iterations=4)).iteration == 4
    for later in (7, 8):
        outcome = run(lists, tmp_path, tiny(iterations=later), RESUME)
    for ours, theirs in zip(blobs(outcome.weights), blobs(unbroken / "weights.safetensors"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [line["loss"] for line in log_of(tmp_path)] == [line["loss"] for line in log_of(unbroken)]


def test_a_log_that_ran_ahead_of_its_checkpoint_is_cut_back(lists: tuple[Path, Path], tmp_path: Path) -> None:
    run(lists, tmp_path, tiny(iterations=3))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"iteration": 4, "loss": 7.0, "rate": 0.0001}\n{"iteration": 5, "lo')
    run(lists, tmp_path, tiny(iterations=5), RESUME)
    assert [line["iteration"] for line in log_of(tmp_path)] == [1, 2, 3, 4, 5]
    assert log_of(tmp_path)[3]["loss"] != 7.0


def test_loading_processes_change_nothing(lists: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    outcome = run(lists, tmp_path, tiny(), workers=1)
    for ours, theirs in zip(blobs(outcome.weights), blobs(unbroken / "weights.safetensors"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_seed_trains_other_weights(lists: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    outcome = run(lists, tmp_path, tiny(seed=1))
    assert not np.array_equal(blobs(outcome.weights)[0], blobs(unbroken / "weights.safetensors")[0])


def test_a_folder_with_a_run_is_not_begun_again(lists: tuple[Path, Path], unbroken: Path) -> None:
    with pytest.raises(TrainingError, match="add --resume"):
        run(lists, unbroken, tiny())


def test_resuming_with_another_recipe_is_refused(lists: tuple[Path, Path], unbroken: Path) -> None:
    with pytest.raises(OutputError, match=r"rate was 0\.0001, now 0\.5"):
        run(lists, unbroken, tiny(rate=0.5), RESUME)


def test_resuming_on_other_images_is_refused(lists: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    fewer = write_images(tmp_path, count=5)
    with pytest.raises(OutputError, match="items was 6, now 5"):
        run(fewer, unbroken, tiny(), RESUME)


def test_a_run_begun_afresh_leaves_nothing_of_the_one_before(lists: tuple[Path, Path], tmp_path: Path) -> None:
    run(lists, tmp_path, tiny(iterations=6))
    run(lists, tmp_path, tiny(iterations=3, seed=1), Start(from_scratch=True, afresh=True))
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-00000003.pt"]
    assert [line["iteration"] for line in log_of(tmp_path)] == [1, 2, 3]


def test_checkpoints_without_a_record_are_not_gone_on_with(lists: tuple[Path, Path], tmp_path: Path) -> None:
    run(lists, tmp_path, tiny(iterations=3))
    (tmp_path / "made-by.json").unlink()
    with pytest.raises(OutputError, match=r"holds checkpoints, but no made-by\.json says what made them"):
        run(lists, tmp_path, tiny(iterations=4), RESUME)


def test_a_damaged_checkpoint_is_named(lists: tuple[Path, Path], tmp_path: Path) -> None:
    run(lists, tmp_path, tiny(iterations=3))
    path = checkpoints(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(TrainingError, match=r"checkpoint-00000003\.pt.*delete it"):
        run(lists, tmp_path, tiny(), RESUME)


def test_divergence_stops_the_run_and_names_the_remedy(lists: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"diverged: loss .*--rate 1e\+08 instead of 1e\+09") as caught:
        run(lists, tmp_path, tiny(rate=1e9))
    assert caught.value.path == str(tmp_path)
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_folder_that_cannot_be_made_is_named(lists: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="writable folder"):
        run(lists, tmp_path / "file" / "run", tiny())


@pytest.mark.parametrize("name", ["checkpoint_every", "keep", "log_every"])
def test_counts_of_zero_are_refused(lists: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingError, match=f"{name} is 0"):
        run(lists, tmp_path, tiny(), **{name: 0})


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(TrainingError, match="--device"):
        select_device(device)


def test_labels_of_every_pixel_train_an_upsampled_net(lists: tuple[Path, Path], tmp_path: Path) -> None:
    outcome = run(lists, tmp_path, tiny(iterations=2, upsampled_labels=True))
    assert outcome.finished
    assert log_of(tmp_path)[0]["loss"] == pytest.approx(np.log(3), abs=0.05)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_label_that_is_no_class_is_named(lists: tuple[Path, Path], tmp_path: Path, workers: int) -> None:
    with pytest.raises(DatasetError, match=r"label\d\.png: label 2 in \d+ pixels, the first at row \d+, column \d+;"):
        run(lists, tmp_path, tiny(classes=2), workers=workers)


def test_two_passes_an_update_equal_one_of_twice_the_batch(lists: tuple[Path, Path], tmp_path: Path) -> None:
    """All items count the same pixels here, where the mean of means is the mean."""
    flat = write_images(tmp_path, height=16, width=16)
    for index in range(6):
        path = tmp_path / f"label{index}.png"
        labels = np.full((16, 16), index % 3, np.uint8)
        Image.fromarray(labels).save(path)
    chosen = {"dropout": 0.0, "mirror": False, "iterations": 3}
    one = run(flat, tmp_path / "one", tiny(batch=4, **chosen))
    two = run(flat, tmp_path / "two", tiny(batch=2, accumulate=2, **chosen))
    for ours, theirs in zip(blobs(two.weights), blobs(one.weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("option", "tolerance"), [({"channels_last": True}, 1e-5), ({"precision": "bf16"}, 0.01)])
def test_layout_and_half_precision_stay_near(
    lists: tuple[Path, Path], tmp_path: Path, option: dict[str, object], tolerance: float
) -> None:
    """Without dropout, whose masks fall differently on another memory layout."""
    chosen = tiny(iterations=3, dropout=0.0)
    run(lists, tmp_path / "plain", chosen)
    run(lists, tmp_path / "other", chosen, **option)
    for ours, theirs in zip(log_of(tmp_path / "other"), log_of(tmp_path / "plain"), strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=tolerance)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("option", "tolerance"), [({}, 1e-3), ({"precision": "bf16", "channels_last": True, "workers": 1}, 0.02)]
)
def test_a_gpu_trains_as_the_cpu(
    lists: tuple[Path, Path], tmp_path: Path, option: dict[str, object], tolerance: float
) -> None:
    chosen = tiny(iterations=3, dropout=0.0)
    run(lists, tmp_path / "cpu", chosen)
    run(lists, tmp_path / "gpu", chosen, device="cuda", **option)
    for ours, theirs in zip(log_of(tmp_path / "gpu"), log_of(tmp_path / "cpu"), strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=tolerance)


def test_the_loss_counts_labelled_pixels_alone() -> None:
    logits = torch.tensor([[[[0.0, 1.0]], [[0.0, 3.0]]]])  # (1, 2, 1, 2)
    labels = torch.tensor([[[0, 255]]])
    assert float(valid_loss(logits, labels)) == pytest.approx(np.log(2), rel=1e-6)
    both = torch.tensor([[[0, 1]]])
    expected = (np.log(2) + np.log(1 + np.exp(-2))) / 2
    assert float(valid_loss(logits, both)) == pytest.approx(expected, rel=1e-6)


def test_a_batch_without_labels_costs_nothing() -> None:
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    loss = valid_loss(logits, torch.full((1, 3, 3), 255))
    torch.autograd.backward(loss)
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_biases_learn_twice_as_fast_and_do_not_decay() -> None:
    chosen = tiny()
    net = build_stage(chosen)
    weights, biases = build_optimizer(net, chosen).param_groups
    assert all(value.ndim == 4 for value in weights["params"])
    assert all(value.ndim == 1 for value in biases["params"])
    assert (weights["lr_mult"], weights["decay_mult"], weights["weight_decay"]) == (1, 1, 5e-4)
    assert (biases["lr_mult"], biases["decay_mult"]) == (2, 0)
