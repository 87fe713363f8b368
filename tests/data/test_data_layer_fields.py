"""fyu's data layers as a prototxt states them, against what the fork answered."""

from pathlib import Path

import numpy as np
import pytest

from converter.data.caffe_layers import LayerData, layer_data
from converter.errors import ConversionError, DatasetError, UnsupportedParameterError
from converter.net.reading import read_net
from tests.places import GOLDENS

DATA = GOLDENS / "nets" / "data"
IMAGES = """
layer { name: "data" type: "ImageLabelData" top: "data" top: "label"
  transform_param { crop_size: 72 mean_value: 102.93 mean_value: 111.36 mean_value: 116.52 }
  image_label_data_param { image_list_path: "images.txt" label_list_path: "labels.txt" data_dir: "FOLDER/" batch_size: 3
    label_slice { dim: 8 dim: 8 stride: 4 stride: 4 offset: 20 offset: 20 } padding: REFLECT } }
"""
FEATURES = """
layer { name: "data" type: "BinLabelData" top: "data" top: "label"
  bin_label_data_param { bin_list_path: "feats.txt" label_list_path: "labels.txt" bin_dir: "FOLDER/"
    label_dir: "FOLDER/" batch_size: 3 mirror: false label_slice { dim: 5 dim: 4 stride: 16 }
    bin_slice { dim: 5 dim: 4 stride: 2 stride: 2 offset: 0 offset: 1 } } }
"""


def built(tmp_path: Path, text: str, seed: int = 0, phase: str = "test") -> LayerData:
    """The layer of a prototxt that lies beside copies of the goldens' lists."""
    for name in ("images.txt", "labels.txt", "feats.txt"):
        (tmp_path / name).write_text((DATA / name).read_text())
    (tmp_path / "net.prototxt").write_text(text.replace("FOLDER", str(DATA)))
    return layer_data(read_net(tmp_path / "net.prototxt", phase).layers[0], seed)


@pytest.mark.parametrize(("text", "case"), [(IMAGES, "case_d"), (FEATURES, "bin_f")])
def test_a_layers_batch_equals_the_forks(tmp_path: Path, text: str, case: str) -> None:
    golden = np.load(DATA / f"{case}.npz")
    fed = built(tmp_path, text).inputs(0)
    assert list(fed) == ["data", "label"]
    np.testing.assert_array_equal(fed["data"], golden["data"])
    np.testing.assert_array_equal(fed["label"], golden["label"])


def test_batches_wrap_around_the_list(tmp_path: Path) -> None:
    data = built(tmp_path, IMAGES.replace("batch_size: 3", "batch_size: 2"))
    golden = np.load(DATA / "case_d.npz")["data"]
    np.testing.assert_array_equal(data.inputs(1)["data"], golden[[2, 0]])


def test_the_training_phase_crops_at_random_by_the_seed(tmp_path: Path) -> None:
    first, same = (built(tmp_path, IMAGES, seed=1, phase="train").inputs(0)["data"] for _ in range(2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, built(tmp_path, IMAGES, seed=2, phase="train").inputs(0)["data"])


def test_a_random_skip_begins_further_down_the_list(tmp_path: Path) -> None:
    text = IMAGES.replace("batch_size: 3", "batch_size: 1 rand_skip: 3")
    golden = np.load(DATA / "case_d.npz")["data"]
    begun = set()
    for seed in range(12):
        fed = built(tmp_path, text, seed).inputs(0)["data"][0]
        begun.add(next(index for index in range(3) if np.array_equal(fed, golden[index])))
    assert begun == {0, 1, 2}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("crop_size: 72", "", "crop_size is missing"),
        ("crop_size: 72", "crop_size: 72 mean_file: 'm.binaryproto'", "give mean_value"),
        ("dim: 8 dim: 8", "dim: 8", "expected two, rows and columns"),
        ("batch_size: 3", "batch_size: 3 rand_skip: 9", "the list has 3 pairs"),
        ("padding: REFLECT", "padding: WRAP", "expected one of ZERO, REFLECT"),
    ],
)
def test_fields_that_cannot_be_honoured_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(UnsupportedParameterError, match=words) as caught:
        built(tmp_path, IMAGES.replace(old, new))
    assert caught.value.layer == "data"


def test_other_data_layers_are_left_to_the_caller(tmp_path: Path) -> None:
    text = 'layer { name: "d" type: "AnnotatedData" top: "data" data_param { source: "x" batch_size: 1 } }'
    with pytest.raises(DatasetError, match="feed its tops yourself"):
        built(tmp_path, text)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"nowhere\.txt"):
        built(tmp_path, IMAGES.replace("images.txt", "nowhere.txt"))
