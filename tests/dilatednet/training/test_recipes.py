"""The paper's recipes by name, and numbers that cannot train."""

import pytest

from converter.dilatednet.training.recipes import PRESETS, STAGES, recipe
from converter.errors import TrainingError


def test_the_voc_front_end_is_the_papers() -> None:
    chosen = recipe("voc", "frontend")
    assert (chosen.batch, chosen.rate, chosen.momentum, chosen.iterations) == (14, 1e-3, 0.9, 60_000)
    assert chosen.rates().rate(59_999)[0] == 1e-3


def test_the_coco_front_end_drops_its_rate_after_100000_iterations() -> None:
    chosen = recipe("voc-coco", "frontend")
    assert chosen.iterations == 140_000
    assert chosen.rates().rate(99_999)[0] == pytest.approx(1e-3)
    assert chosen.rates().rate(100_000)[0] == pytest.approx(1e-4)
    assert recipe("voc-coco-finetune", "frontend").rate == 1e-5


@pytest.mark.parametrize(("preset", "iterations"), [("camvid", 20_000), ("kitti", 10_000), ("cityscapes", 40_000)])
def test_the_urban_front_ends_are_the_appendixs(preset: str, iterations: int) -> None:
    chosen = recipe(preset, "frontend")
    assert (chosen.batch, chosen.crop, chosen.rate, chosen.momentum) == (8, 628, 1e-4, 0.99)
    assert chosen.iterations == iterations


@pytest.mark.parametrize(
    ("preset", "crop", "momentum"), [("camvid", 852, 0.9), ("kitti", 900, 0.99), ("cityscapes", 1396, 0.99)]
)
def test_the_urban_joint_stages_are_the_appendixs(preset: str, crop: int, momentum: float) -> None:
    chosen = recipe(preset, "joint")
    assert (chosen.batch, chosen.crop, chosen.rate, chosen.momentum) == (1, crop, 1e-5, momentum)


def test_the_cityscapes_context_is_the_appendixs() -> None:
    chosen = recipe("cityscapes", "context")
    assert (chosen.batch, chosen.rate, chosen.momentum, chosen.iterations) == (100, 1e-4, 0.99, 24_000)


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("stage", STAGES)
def test_every_recipe_can_train_and_takes_overrides(preset: str, stage: str) -> None:
    assert recipe(preset, stage, rate=0.5, seed=None).rate == 0.5
    assert recipe(preset, stage).check().stage == stage


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"crop": 501}, "a multiple of 8"),
        ({"crop": 372}, "a multiple of 8"),
        ({"batch": 0}, "batch is 0"),
        ({"momentum": 1.0}, "below 1"),
        ({"policy": "cosine"}, "known: fixed"),
        ({"ratte": 0.1}, "no ratte"),
        ({"context": "huge"}, "basic or large"),
        ({"depth": 3}, "depth is 3"),
        ({"width": -1}, "width is -1"),
    ],
)
def test_numbers_that_cannot_train_are_refused(overrides: dict[str, object], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        recipe("voc", "frontend", **overrides)


def test_the_context_stage_takes_one_label_a_cell() -> None:
    with pytest.raises(TrainingError, match="one label a cell"):
        recipe("voc", "context", upsampled_labels=True)


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(TrainingError, match="did you mean cityscapes"):
        recipe("citiscapes", "joint")
