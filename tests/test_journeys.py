"""The whole way by commands only, on drawn pictures: three stages, scores, labels, Caffe's files, and training on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import converter.dilatednet
from converter.cli import main
from converter.dilatednet.topology import layer_text
from tests.cli.test_own_data import NARROW, SMALL, images, pictures

SIDE = 412
"""A tile: 40 pixels and the margins of the front end, as cells of 8: (412 - 372) / 8 = 5."""


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pictures, and a net trained on them in the paper's three stages, a few updates each."""
    folder = tmp_path_factory.mktemp("journey")
    pictures(folder / "train", 4)
    pictures(folder / "val", 2)
    recipe = ("--preset", "voc", *SMALL)
    start = ("--from-scratch", "--iterations", "3", "--classes", "2", *NARROW)
    run("train", "frontend", *recipe, *images(folder, "train"), *start, "--out", folder / "front")
    size = ("--input-size", str(SIDE), str(SIDE))
    run("features", folder / "front", "--images", folder / "train/images", "--out", folder / "maps", *size)
    context = ("--labels-dir", folder / "train/labels", "--features", folder / "maps", "--context", "basic")
    run("train", "context", *recipe, "--iterations", "2", *context, "--out", folder / "context")
    both = ("--weights", folder / "front", "--weights", folder / "context", "--crop", "388")
    run("train", "joint", *recipe, "--iterations", "2", *images(folder, "train"), *both, "--out", folder / "joint")
    return folder


@pytest.mark.slow
def test_a_trained_run_labels_pictures_and_is_scored(place: Path, tmp_path: Path) -> None:
    run("evaluate", place / "joint", *images(place, "val"), "--save-predictions", tmp_path / "saved",
        "--json", tmp_path / "evaluated.json")  # fmt: skip
    run("score", "--predictions", tmp_path / "saved", "--labels-dir", place / "val/labels", "--classes", "2",
        "--json", tmp_path / "scored.json")  # fmt: skip
    evaluated, scored = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("evaluated", "scored"))
    assert evaluated["confusion"] == scored["confusion"]
    assert evaluated["pixels"] == 2 * 40 * 52
    run("predict", place / "joint", place / "val/images", "-o", tmp_path / "out", "--report", tmp_path / "page.html")
    assert {path.name for path in (tmp_path / "out").glob("p*.png")} >= {"p0.png", "p1.png", "p0_overlay.png"}
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_a_trained_run_becomes_caffes_file_and_caffes_solver_goes_on_from_it(place: Path, tmp_path: Path) -> None:
    model = converter.dilatednet.load(place / "joint")
    net, weights = place / "joint" / "net.prototxt", tmp_path / "own.caffemodel"
    run("convert", place / "joint" / "weights.safetensors", weights, "--prototxt", net)
    tile = ("--input", f"data=1,3,{SIDE},{SIDE}")
    run("verify", net, weights, *tile)
    write_solver(place, tmp_path, model)
    run("solve", tmp_path / "solver.prototxt", "--weights", weights)
    snapshot = tmp_path / "own_iter_2.caffemodel"
    run("verify", net, snapshot, *tile)
    before, after = (converter.read_weights(path)["conv1_1"][0] for path in (weights, snapshot))
    assert before.shape == after.shape
    assert (before != after).any()
    run("solve", tmp_path / "solver.prototxt", "--snapshot", tmp_path / "own_iter_2.solverstate")


def write_solver(place: Path, folder: Path, model: converter.dilatednet.DilatedNet) -> None:
    """A Caffe solver of the same net on the same pictures: crops of 412, labels of every eighth pixel of the middle."""
    pairs = sorted((place / "train/images").iterdir()), sorted((place / "train/labels").iterdir())
    for name, files in zip(("images.txt", "labels.txt"), pairs, strict=True):
        (folder / name).write_text("".join(f"{path}\n" for path in files))
    data = (
        'layer { name: "data" type: "ImageLabelData" top: "data" top: "label" '
        f"transform_param {{ crop_size: {SIDE} mean_value: 102.93 mean_value: 111.36 mean_value: 116.52 }} "
        f'image_label_data_param {{ image_list_path: "{folder}/images.txt" label_list_path: "{folder}/labels.txt" '
        "batch_size: 2 padding: REFLECT "
        "label_slice { dim: 5 dim: 5 stride: 8 stride: 8 offset: 186 offset: 186 } } }"
    )
    body = "\n".join(layer_text(step) for step in model.topology.steps if step.type != "Softmax")
    last = model.topology.steps[-2].top
    loss = (
        f'layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "{last}" bottom: "label" top: "loss" '
        "loss_param { ignore_label: 255 } }"
    )
    (folder / "train.prototxt").write_text(f'name: "own"\n{data}\n{body}\n{loss}\n')
    (folder / "solver.prototxt").write_text(
        f'net: "{folder}/train.prototxt"\nbase_lr: 0.0001\nlr_policy: "fixed"\nmomentum: 0.9\nmax_iter: 2\n'
        f'snapshot: 2\nsnapshot_prefix: "{folder}/own"\ndisplay: 1\nrandom_seed: 1\n'
    )
