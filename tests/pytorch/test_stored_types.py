"""Weights of other number types, nets in other states, and types that nobody knows: what load and inspect do."""

from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import UnsupportedLayerError
from tests.wire_bytes import count, piece, shape

NET = """input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false } }
"""
X = np.float32([[1, 1]])
VALUES = [1.5, 2.25]
BLOBS = {
    "double_data": piece(8, np.float64(VALUES).tobytes()),
    "raw double": count(10, 0) + piece(12, np.float64(VALUES).tobytes()),
    "raw half": count(10, 2) + piece(12, np.float16(VALUES).tobytes()),
}


def files(folder: Path, blob: bytes) -> tuple[Path, Path]:
    """The net and a caffemodel of its one blob."""
    (folder / "n.prototxt").write_text(NET)
    layer = piece(1, b"fc") + piece(2, b"InnerProduct") + piece(7, blob + shape(1, 2))
    (folder / "w.caffemodel").write_bytes(piece(100, layer))
    return folder / "n.prototxt", folder / "w.caffemodel"


@pytest.mark.parametrize("form", BLOBS)
def test_parameters_are_float32_as_in_caffe_and_a_note_says_what_the_file_holds(form: str, tmp_path: Path) -> None:
    prototxt, weights = files(tmp_path, BLOBS[form])

    net = converter.load(prototxt, weights)

    assert net.blob_parameter("fc", 0).dtype == torch.float32
    assert net(x=X)["y"].item() == reference.run(prototxt, weights, {"x": X})["y"].item() == 3.75
    held = "float16" if form == "raw half" else "float64"
    assert any(f"numbers of type {held} in the weights (first in layer 'fc')" in note for note in net.notes)
    assert main(["verify", str(prototxt), str(weights)]) == 0


def test_another_type_may_be_asked_for(tmp_path: Path) -> None:
    prototxt, weights = files(tmp_path, BLOBS["double_data"])

    net = converter.load(prototxt, weights, dtype=torch.float64)

    assert net(x=torch.ones(1, 2, dtype=torch.float64))["y"].dtype == torch.float64
    assert not any("numbers of type" in note for note in net.notes)


def test_inspect_takes_stage_and_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = 'layer {{ name: "{}" type: "ReLU" bottom: "x" top: "{}" include {{ {} }} }}\n'
    text = NET + layer.format("staged", "a", 'stage: "deploy"') + layer.format("deep", "b", "min_level: 2")
    (tmp_path / "n.prototxt").write_text(text)

    assert main(["inspect", str(tmp_path / "n.prototxt")]) == 0
    assert not {"staged", "deep"} & set(capsys.readouterr().out.split())
    assert main(["inspect", str(tmp_path / "n.prototxt"), "--stage", "deploy", "--level", "2"]) == 0
    assert {"staged", "deep"} <= set(capsys.readouterr().out.split())


def test_a_net_that_keeps_no_layer_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "n.prototxt").write_text(
        'layer { name: "x" type: "Input" top: "x" include { stage: "s" } input_param { shape { dim: 1 } } }'
    )

    assert main(["inspect", str(tmp_path / "n.prototxt")]) == 2
    assert main(["inspect", str(tmp_path / "n.prototxt"), "--stage", "s"]) == 0


def test_an_unknown_type_is_told_with_the_nearest_names_and_how_to_add_one(tmp_path: Path) -> None:
    text = NET.replace('"InnerProduct"', '"InerProduct"') + 'layer { name: "z" type: "Foo" bottom: "y" top: "z" }\n'
    (tmp_path / "n.prototxt").write_text(text)

    with pytest.raises(UnsupportedLayerError, match=r"'InerProduct' .*nearest known: InnerProduct") as caught:
        converter.load(tmp_path / "n.prototxt")
    assert "@converter.layer('InerProduct')" in str(caught.value)
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("letter", ["T", "\\033", "\u202e", "'"])
def test_the_error_of_unknown_types_stays_short_however_long_their_names(tmp_path: Path, letter: str) -> None:
    layers = (
        f'layer {{ name: "{letter * 300}{n}" type: "{letter * 300}{n}" bottom: "y" top: "{n}" }}' for n in range(9)
    )
    (tmp_path / "n.prototxt").write_text(NET + "\n".join(layers))

    with pytest.raises(UnsupportedLayerError) as caught:
        converter.load(tmp_path / "n.prototxt")
    told = str(caught.value).removeprefix(str(tmp_path))
    assert len(told) < 400
    assert "and 7 more" in told and "@converter.layer(" in told
