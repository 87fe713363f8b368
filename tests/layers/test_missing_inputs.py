"""Shapes of data layers: inferred where the file allows, with a note, else asked for all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import converter
from converter.errors import ShapeError
from converter.net.reading import read_net
from converter.plan.plan import build_plan
from tests.places import GOLDENS

MEAN = GOLDENS / "nets" / "formats" / "mean.binaryproto"

TRAIN_VAL = """
name: "Net"
layer {{ name: "data" type: "Data" top: "data" top: "label" data_param {{ source: "x" batch_size: 32 backend: LMDB }}
  transform_param {{ {transform} }} include {{ phase: TRAIN }} }}
layer {{ name: "data" type: "Data" top: "data" top: "label" data_param {{ source: "y" batch_size: 4 backend: LMDB }}
  transform_param {{ {transform} }} include {{ phase: TEST }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param {{ num_output: 5 }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }}
"""


def written(folder: Path, transform: str) -> Path:
    path = folder / "train_val.prototxt"
    path.write_text(TRAIN_VAL.format(transform=transform))
    return path


@pytest.mark.parametrize(("phase", "batch"), [("train", 32), ("test", 4)])
def test_a_crop_gives_the_size_and_three_channels_are_assumed_with_a_note(
    tmp_path: Path, phase: str, batch: int
) -> None:
    net = converter.load(written(tmp_path, "crop_size: 6"), phase=phase)
    assert net.inputs == {"data": (batch, 3, 6, 6), "label": (batch,)}
    (note,) = [note for note in net.notes if "assumed" in note]
    assert "layer 'data' (Data): images of 3 channels, which is assumed" in note
    assert ".prototxt:" in note


def test_nothing_is_assumed_where_the_file_or_the_caller_says(tmp_path: Path) -> None:
    path = written(tmp_path, "crop_size: 6")
    assert not build_plan(read_net(path), {"data": (2, 1, 6, 6), "label": (2,)}).notes
    gray = build_plan(read_net(written(tmp_path, "crop_size: 6 force_gray: true")))
    assert gray.inputs["data"] == (4, 1, 6, 6)
    assert not gray.notes


def test_the_mean_file_gives_size_and_channels(tmp_path: Path) -> None:
    from converter.formats.mean import read_mean

    (tmp_path / "m.binaryproto").write_bytes(MEAN.read_bytes())
    plan = build_plan(read_net(written(tmp_path, 'mean_file: "data/m.binaryproto"')))
    assert plan.inputs["data"] == (4, *read_mean(MEAN).shape)
    assert len(plan.notes) == 2
    crop = build_plan(read_net(written(tmp_path, 'mean_file: "m.binaryproto" crop_size: 2')))
    assert crop.inputs["data"] == (4, read_mean(MEAN).shape[0], 2, 2)


def test_a_mean_file_elsewhere_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "m.binaryproto").write_bytes(MEAN.read_bytes())
    with pytest.raises(ShapeError, match="does not state the shape of 'data'"):
        build_plan(read_net(written(tmp_path / "in", f'mean_file: "{tmp_path}/m.binaryproto"')))


def test_all_that_is_missing_is_asked_for_at_once_with_the_arguments(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(
        'layer { name: "a" type: "Data" top: "data" top: "label" data_param { batch_size: 8 } }\n'
        'layer { name: "b" type: "HDF5Data" top: "x" top: "y" hdf5_data_param { source: "s" batch_size: 2 } }\n'
        'layer { name: "c" type: "Input" top: "z" }\n'
        'layer { name: "s" type: "Silence" bottom: "data" bottom: "label" bottom: "x" bottom: "y" bottom: "z" }\n'
    )
    with pytest.raises(ShapeError) as caught:
        build_plan(read_net(path))
    text = str(caught.value)
    assert text.startswith(f"{path}:1: layer 'a' (Data): the file does not state the shape of 'data', 'x', 'y', 'z'; ")
    assert "--input-shape data=8,3,H,W --input-shape x=N,C,H,W --input-shape y=N,C,H,W --input-shape z=N,C,H,W" in text
    assert "inputs={'data': (8, 3, H, W), 'x': (N, C, H, W), 'y': (N, C, H, W), 'z': (N, C, H, W)}" in text
    given = {"data": (8, 3, 4, 4), "x": (2, 1), "y": (2,), "z": (1,)}
    assert build_plan(read_net(path), given).inputs == {**given, "label": (8,)}


def test_a_train_val_takes_weights_for_fine_tuning(tmp_path: Path) -> None:
    """The deploy net's weights load into the training net, whose data layer states no channels."""
    train = converter.load(written(tmp_path, "crop_size: 6"), phase="train", seed=0)
    weights = {"fc.weight": np.full((5, 108), 0.5, np.float32), "fc.bias": np.zeros(5, np.float32)}
    np.savez(tmp_path / "w.npz", **weights)
    net = converter.load(written(tmp_path, "crop_size: 6"), tmp_path / "w.npz", phase="train", classes={"fc": 7})
    assert train.get_parameter("fc.weight").shape == (5, 108)
    assert net.get_parameter("fc.weight").shape == (7, 108)
