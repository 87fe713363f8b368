"""A training run's folder as a net by name: what travels with its weights, and what is said where it does not."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import converter
from converter.dilatednet import predict
from converter.dilatednet.trained import describe, find_model, read_trained
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.stages import build_stage, trained_model, weights_of
from converter.dilatednet.zoo import find
from converter.errors import ConversionError, WeightsError

NARROW = {"width": 2, "fc_width": 8, "classes": 3}


def saved_run(folder: Path, stage: str, preset: str = "voc", **numbers: object) -> Path:
    """A folder with the weights that a stage starts from, as a run's first checkpoint would write them."""
    torch.manual_seed(0)
    chosen = recipe(preset, stage, **{**NARROW, **numbers})
    net = build_stage(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "weights.safetensors"
    path.write_bytes(safetensors.torch.save(weights_of(net, chosen), describe(net.model, stage)))
    return folder


def test_what_a_run_says_of_its_net_comes_back(tmp_path: Path):
    model = read_trained(saved_run(tmp_path / "run", "frontend", mean=(1.0, 2.0, 3.0)))
    assert (model.topology.classes, model.topology.width, model.topology.fc_width) == (3, 2, 8)
    assert model.topology.context is None
    assert model.label_set.classes == ("class 0", "class 1", "class 2")
    assert model.label_set.palette == ((0, 0, 0), (128, 0, 0), (0, 128, 0))  # VOC's first three
    assert (model.label_set.mean, model.label_set.zoom, model.input_size) == ((1.0, 2.0, 3.0), 8, (900, 900))
    assert model.stage == "frontend"


def test_a_run_of_a_published_data_set_keeps_its_names():
    assert trained_model(recipe("voc", "joint")).label_set == find("voc").label_set
    cityscapes = trained_model(recipe("cityscapes", "joint"))
    assert (cityscapes.label_set, cityscapes.topology) == (find("cityscapes").label_set, find("cityscapes").topology)
    assert trained_model(recipe("cityscapes", "frontend")).label_set.zoom == 8  # nothing upsamples there


@pytest.mark.parametrize(("preset", "stage"), [("voc", "frontend"), ("kitti", "joint"), ("cityscapes", "joint")])
def test_a_run_labels_images_by_its_folder_alone(tmp_path: Path, preset: str, stage: str):
    folder = saved_run(tmp_path / "run", stage, preset)
    net = converter.dilatednet.load(folder)
    image = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    labels = predict(net, image, input_size=(404, 404))
    assert labels.shape == (20, 24)
    assert labels.max() < 3
    assert np.array_equal(predict(net, image, str(folder), input_size=(404, 404)), labels)


def test_a_context_run_takes_the_front_end_it_was_trained_on(tmp_path: Path):
    front, context = saved_run(tmp_path / "f", "frontend"), saved_run(tmp_path / "c", "context", noise=0.0)
    with pytest.raises(WeightsError, match="holds no front end; give the one it was trained on too"):
        converter.dilatednet.load(context)
    both, alone = converter.dilatednet.load(context, weights=front), converter.dilatednet.load(front)
    x = torch.randn(1, 3, 388, 388)
    with torch.no_grad():  # an identity start without noise: max(x, 0) of the front end's logits
        torch.testing.assert_close(both.logits(x), alone.logits(x).clamp(min=0), rtol=1e-4, atol=1e-6)


def test_other_weights_for_a_run_that_has_its_own_are_refused(tmp_path: Path):
    folder = saved_run(tmp_path / "run", "frontend")
    with pytest.raises(ConversionError, match="this run has its own weights"):
        converter.dilatednet.load(folder, weights=folder)


def test_a_run_of_an_older_version_says_what_is_missing(tmp_path: Path):
    old = {"stage": "frontend", "model": "dilation8_pascal_voc", "iteration": "3"}
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file({"conv1_1.weight": torch.zeros(1)}, path, old)
    with pytest.raises(WeightsError, match="model, classes, palette, mean, zoom, input_size, topology missing"):
        find_model(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"topology": {"classes": "x"}}, {"palette": 3}, {"mean": [1]}, {"input_size": None}, {"classes": 7}, {"zoom": []}],
)
def test_damaged_words_about_a_net_are_one_error(tmp_path: Path, change: dict[str, object]):
    folder = saved_run(tmp_path / "run", "frontend")
    path = folder / "weights.safetensors"
    values = json.loads(describe(read_trained(path), "frontend")["dilatednet"]) | change
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, {"dilatednet": json.dumps(values)})
    with pytest.raises(WeightsError, match="what it says of its net does not read"):
        find_model(folder)


def test_what_is_no_run_is_told(tmp_path: Path):
    with pytest.raises(WeightsError, match="no such weights; name a file, or a folder that `train` wrote"):
        find_model(tmp_path)
    with pytest.raises(ConversionError, match=r"runs/none: no such folder; name one that `train` wrote"):
        find_model("runs/none")


def test_a_published_name_means_the_published_net_although_a_folder_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    saved_run(tmp_path / "kitti", "frontend")
    monkeypatch.chdir(tmp_path)
    assert find_model("kitti") is find("kitti")
    assert find_model("./kitti").topology.classes == 3
