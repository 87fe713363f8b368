"""Folders: written, read again, told by their card; torch.hub's entry points; Hugging Face's mixin for DilatedNet."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.dilatednet import ZOO
from converter.errors import ConversionError, OutputError
from converter.export.weights import write_weights
from converter.net.preprocessing import Preprocessing
from tests.dilatednet.formula_nets import formula_net
from tests.export.nets import MINI, chain, golden_error, image_of
from tests.places import ROOT


def equal(seen, wanted):
    assert list(seen) == list(wanted)
    assert all(torch.equal(seen[name], wanted[name]) for name in wanted)


def test_a_folder_gives_the_net_again(tmp_path):
    net = chain(tmp_path)
    net.transform = Preprocessing((1.0, 2.0, 3.0), scale=0.5, crop=(12, 10))
    folder = tmp_path / "folder"
    source = {"prototxt": "net.prototxt", "weights": "w.caffemodel", "sha256": "ab" * 32}
    converter.save_pretrained(net, folder, source=source, parity={"fc": 2.5e-7}, license="mit")
    names = {"config.json", "net.prototxt", "model.safetensors", "preprocessor_config.json", "README.md"}
    assert {path.name for path in folder.iterdir()} == names
    back = converter.from_pretrained(folder)
    x = torch.randn(2, 3, 12, 10, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        equal(back(x), net(x))
    assert repr(back.transform) == repr(net.transform)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    config = json.loads((folder / "config.json").read_text())
    assert (config["model_type"], config["weights_sha256"]) == ("caffe", digest)
    card = (folder / "README.md").read_text()
    for text in ("license: mit", "# chain", f"`{digest}`", "`w.caffemodel`", "| `fc` | 2.5e-07 |", "minus (1, 2, 3)"):
        assert text in card, text


def test_a_fine_tuned_net_keeps_its_head_and_takes_another(tmp_path):
    net = converter.replace_head(chain(tmp_path), {"fc": 9}, seed=0)
    converter.save_pretrained(net, tmp_path / "folder")
    back = converter.from_pretrained(tmp_path / "folder")
    assert torch.equal(back.fc.weight, net.fc.weight)
    assert converter.from_pretrained(tmp_path / "folder", classes={"fc": 4}).fc.weight.shape[0] == 4


def test_a_net_without_weights_travels_and_one_that_lost_them_does_not(tmp_path):
    text = (
        'input: "x" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }\nlayer { name: "r" type: "ReLU" bottom: "x" top: "y" }'
    )
    (tmp_path / "n.prototxt").write_text(text)
    converter.save_pretrained(converter.load(tmp_path / "n.prototxt"), tmp_path / "bare")
    seen = converter.from_pretrained(tmp_path / "bare")(x=torch.full((1, 2, 4, 4), -1.0))
    assert seen["y"].count_nonzero() == 0
    converter.save_pretrained(chain(tmp_path), tmp_path / "folder")
    (tmp_path / "folder" / "model.safetensors").write_bytes((tmp_path / "bare" / "model.safetensors").read_bytes())
    with pytest.raises(ConversionError, match="holds no numbers, and its net has some"):
        converter.from_pretrained(tmp_path / "folder")


def test_a_mean_image_travels(tmp_path):
    net = chain(tmp_path)
    mean = np.random.default_rng(0).random((3, 14, 11), np.float32)
    net.transform = Preprocessing(mean_image=mean, size=(14, 11), crop=(12, 10))
    converter.save_pretrained(net, tmp_path / "folder")
    image = np.full((20, 20, 3), 7, np.uint8)
    found = converter.from_pretrained(tmp_path / "folder").transform(image)
    np.testing.assert_array_equal(found[0].numpy(), 7 - mean[:, 1:13, 0:10])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "is the folder one of save_pretrained"),
        (lambda folder: (folder / "config.json").write_text("[]"), "is no table"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "bert"}'), "no net of Caffe"),
        (lambda folder: (folder / "preprocessor_config.json").write_text('{"color": 3, "size": [1]}'), "does not read"),
    ],
)
def test_a_folder_that_is_none_is_refused(damage, words, tmp_path):
    converter.save_pretrained(chain(tmp_path), tmp_path / "folder")
    damage(tmp_path / "folder")
    with pytest.raises(ConversionError, match=words):
        converter.from_pretrained(tmp_path / "folder")


def test_what_cannot_be_saved_leaves_no_file(tmp_path):
    net = chain(tmp_path)
    with pytest.raises(OutputError, match="copied or cut net"):
        converter.save_pretrained(converter.features(net, ["pool"]), tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    with pytest.raises(OutputError, match="name another folder"):
        converter.save_pretrained(net, tmp_path / "chain.prototxt" / "below")


def test_a_name_that_is_no_folder_wants_the_hubs_package(tmp_path, monkeypatch):
    monkeypatch.setattr("converter.export.extras.importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConversionError, match=r"'me/net' is no folder here.*dilatednet\[hub\]"):
        converter.from_pretrained("me/net")


@pytest.mark.hub
def test_a_name_that_is_no_folder_is_asked_of_the_hub(tmp_path, monkeypatch):
    converter.save_pretrained(chain(tmp_path), tmp_path / "folder")
    asked = []
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download",
        lambda name, revision: asked.append((name, revision)) or tmp_path / name.split("/")[1],
    )
    assert converter.from_pretrained("me/folder", revision="v1").outputs == ("a", "fc")
    assert asked == [("me/folder", "v1")]


@pytest.mark.hub
def test_a_dilated_net_has_hugging_faces_methods(tmp_path):
    from converter.dilatednet.pretrained import PretrainedDilatedNet

    net = PretrainedDilatedNet.of_net(formula_net("dilation7_kitti"))
    net.save_pretrained(tmp_path / "folder")
    back = PretrainedDilatedNet.from_pretrained(tmp_path / "folder")
    assert back.topology == net.topology
    with torch.no_grad():
        prob = back(torch.from_numpy(image_of("dilation7_kitti")))
    assert golden_error("dilation7_kitti", prob.numpy()) <= 2e-5


def test_the_command_writes_a_folder_with_parity_on_its_card(tmp_path, capsys):
    net = chain(tmp_path)
    write_weights(net, tmp_path / "w.safetensors")
    common = [str(tmp_path / "w.safetensors"), f"{tmp_path}/folder/"]
    assert main(["convert", *common]) == 2
    assert "a folder holds a whole net; give it with prototxt" in capsys.readouterr().err
    assert main(["convert", *common, "--prototxt", str(tmp_path / "chain.prototxt"), "--verify"]) == 0
    card = (tmp_path / "folder/README.md").read_text()
    figures = dict(re.findall(r"\| `(\w+)` \| ([\d.]+e-\d+) \|", card))
    assert set(figures) == {"a", "fc"} and max(map(float, figures.values())) <= 1e-5
    assert "`w.safetensors`" in card and "`chain.prototxt`" in card
    back = converter.from_pretrained(tmp_path / "folder")
    assert torch.equal(back.fc.weight, net.fc.weight)


def test_torch_hub_loads_published_nets_any_net_and_folders(tmp_path):
    weights = MINI / "dilation7_kitti_mini.caffemodel"
    model = torch.hub.load(str(ROOT), "dilation7_kitti", source="local", weights=weights)
    with torch.no_grad():
        prob = model(torch.from_numpy(image_of("dilation7_kitti")))
    assert golden_error("dilation7_kitti", prob.numpy()) <= 2e-5
    assert set(_entries()) == {*ZOO, "caffe", "pretrained"}
    net = torch.hub.load(str(ROOT), "caffe", source="local", prototxt=MINI / "dilation7_kitti_mini.prototxt")
    converter.save_pretrained(net, tmp_path / "folder")
    again = torch.hub.load(str(ROOT), "pretrained", source="local", folder=tmp_path / "folder")
    assert again.outputs == ("prob",)


def _entries():
    """Public functions of hubconf.py."""
    names: dict[str, object] = {}
    exec(compile(Path(ROOT / "hubconf.py").read_text(), "hubconf.py", "exec"), names)
    return [name for name, value in names.items() if callable(value) and not name.startswith("_") and name != "Any"]
