"""The claims' experiment: its scenes, its conditions, its table."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from scripts.claims.experiment import KINDS, STARTS, Measured, Plan, description, experiment
from scripts.claims.figure import plot, rows, table
from scripts.claims.scenes import SceneSettings, scene, scenes

QUICK = Plan(
    seeds=(0, 1), train=4, test=2, batch=2, front_iterations=2, context_iterations=2, width=4,
    scenes=SceneSettings(cells=12),
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Maps this small are slower on two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def results() -> list[Measured]:
    return experiment(QUICK, torch.device("cpu"), lambda _one: None)


def test_a_scene_is_a_function_of_seed_and_index() -> None:
    settings = SceneSettings(cells=12)
    picture, label = scene(3, 5, settings)
    again, same = scene(3, 5, settings)
    np.testing.assert_array_equal(picture, again)
    np.testing.assert_array_equal(label, same)
    assert not np.array_equal(picture, scene(3, 6, settings)[0])
    assert not np.array_equal(picture, scene(4, 5, settings)[0])
    assert picture.shape == (1, 96, 96)
    assert label.shape == (12, 12)


def test_cars_and_boats_look_alike() -> None:
    """Neither brightness nor its variation tells them apart, edges aside; field and water differ in brightness."""
    pictures, labels = scenes(0, 0, 60, SceneSettings())
    cells = pictures[:, 0].reshape(60, 24, 8, 24, 8).transpose(0, 1, 3, 2, 4).reshape(60, 24, 24, 64)
    level, variation = cells.mean(-1), cells.std(-1)
    car, boat, field, water = (labels == index for index in (2, 3, 0, 1))
    assert abs(level[car].mean() - level[boat].mean()) < 0.1
    assert abs(variation[car].mean() - variation[boat].mean()) < 0.1
    assert level[field].mean() - level[water].mean() > 0.3
    wrong = (level[field] < 0).mean()
    assert 0.15 < wrong < 0.45, "a cell alone should often be wrong"


def test_an_object_is_named_by_what_surrounds_it() -> None:
    """Around cars lie mostly fields, around boats mostly water."""
    _, labels = scenes(1, 0, 60, SceneSettings())
    counts = {2: [0, 0], 3: [0, 0]}
    for label in labels:
        for rows_, columns in ((slice(1, None), slice(None)), (slice(None, -1), slice(None))):
            inner, outer = label[rows_, columns], np.roll(label, 1 if rows_.start else -1, 0)[rows_, columns]
            for kind in counts:
                for ground in (0, 1):
                    counts[kind][ground] += int(((inner == kind) & (outer == ground)).sum())
    assert counts[2][0] > 3 * counts[2][1]
    assert counts[3][1] > 3 * counts[3][0]


def test_every_condition_is_measured_with_every_seed(results: list[Measured]) -> None:
    assert len(results) == 2 * (1 + len(KINDS) * len(STARTS))
    assert {one.seed for one in results} == {0, 1}
    assert all(0 <= one.mean_iou <= 100 and len(one.iou) == 4 for one in results)


def test_the_experiment_repeats_itself(results: list[Measured]) -> None:
    again = experiment(replace(QUICK, seeds=(1,)), torch.device("cpu"), lambda _one: None)
    assert again == [one for one in results if one.seed == 1]


def test_the_published_front_end_takes_part_at_any_width() -> None:
    plan = replace(QUICK, seeds=(0,), dilated=True, width=2, fc_width=8, front_iterations=1, context_iterations=1)
    assert len(experiment(plan, torch.device("cpu"), lambda _one: None)) == 9
    assert "the published front end, width 2" in description(plan)


def test_the_table_gives_mean_and_spread_over_seeds() -> None:
    measured = [
        Measured(seed, kind, start, value, (), 0.0)
        for kind, start, values in (("front end", "", (40.0, 44.0)), ("basic", "identity", (50.0, 53.0)))
        for seed, value in enumerate(values)
    ]
    lines = table(rows(measured)).splitlines()
    assert lines[2] == "| front end | 42.0 ± 2.8 | 40.0, 44.0 |"
    assert lines[3] == "| + basic, identity | 51.5 ± 2.1 | 50.0, 53.0 |"


def test_the_plot_has_a_bar_a_condition_and_a_dot_a_seed(results: list[Measured]) -> None:
    from xml.etree import ElementTree

    drawn = ElementTree.fromstring(plot(rows(results), "a & b"))
    kinds = [element.tag.rpartition("}")[2] for element in drawn.iter()]
    assert kinds.count("rect") == 1 + 9
    assert kinds.count("circle") == 2 * 9
