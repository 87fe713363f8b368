"""Table 3's order by commands only, on drawn roads: front end < front end with Basic < front end with Large."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from converter.cli import main
from converter.dilatednet.trained import RESULT, write_trained
from tests.drawn_roads import SIDE, draw_scenes, write_start

WIDTH, FC_WIDTH, TILE = 4, 16, SIDE + 372
HOW = ("--preset", "voc", "--device", "cpu", "--workers", "0")
CONTEXT = ("--rate", "0.01", "--policy", "multistep", "--batch", "4")


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes to train on and fresh ones; a front end, and both context modules on what it outputs."""
    folder = tmp_path_factory.mktemp("table3")
    draw_scenes(folder / "train", 0, 64)
    draw_scenes(folder / "val", 1000, 16)
    write_start(folder / "start.safetensors", WIDTH, FC_WIDTH)
    train = ("--images", folder / "train/images", "--labels-dir", folder / "train/labels")
    narrow = ("--width", WIDTH, "--fc-width", FC_WIDTH, "--crop", TILE, "--dropout", 0, "--classes", 2)
    front = ("--weights", folder / "start.safetensors", "--batch", 1, "--rate", 0.002, "--iterations", 40)
    run("train", "frontend", *HOW, *train, *narrow, *front, "--out", folder / "front")
    tile = ("--input-size", TILE, TILE, "--device", "cpu")
    run("features", folder / "front", *train[:2], *tile, "--out", folder / "maps")
    for kind, updates in (("basic", 700), ("large", 700)):
        steps = ("--iterations", updates, "--stepvalues", updates * 7 // 10)
        given = (*train[2:], "--features", folder / "maps", "--context", kind, *CONTEXT, *steps)
        run("train", "context", *HOW, *given, "--out", folder / kind)
    return folder


def mean_iou(place: Path, name: str, *more: object) -> float:
    """Mean IoU in per cent on the fresh scenes."""
    fresh = ("--images", place / "val/images", "--labels-dir", place / "val/labels")
    run("evaluate", place / name, *more, *fresh, "--json", place / f"{name}.json")
    return float(json.loads((place / f"{name}.json").read_text())["mean_iou"])


def shuffle_weights(run_folder: Path, out: Path) -> None:
    """The run with each blob's numbers in another order."""
    draws = np.random.default_rng(0)
    with safe_open(run_folder / RESULT, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        metadata = file.metadata()
    out.mkdir()
    write_trained(out / RESULT, {name: draws.permuted(array.ravel()).reshape(array.shape)
                                 for name, array in arrays.items()}, metadata)  # fmt: skip


@pytest.mark.slow
def test_context_modules_are_ahead_of_the_front_end_and_large_of_basic(place: Path) -> None:
    front = mean_iou(place, "front")
    basic, large = (mean_iou(place, kind, "--weights", place / "front") for kind in ("basic", "large"))
    print(f"front end {front:.1f}, with Basic {basic:.1f}, with Large {large:.1f}")  # noqa: T201
    assert front + 5 < basic
    assert basic + 1.5 < large
    shuffle_weights(place / "large", place / "shuffled")
    assert mean_iou(place, "shuffled", "--weights", place / "front") < front
