"""Caffemodels of every age and fork, against Caffe's own upgrades, Google's parser and the formula weights."""

from pathlib import Path

import numpy as np
import pytest

import converter
from converter.formats.protobuf.schema import message_class
from converter.formats.protobuf.wire import walk
from converter.formats.weights.caffemodel import read_caffemodel
from converter.formats.weights.stored import StoredWeights
from converter.plan.stored_weights import arrays_of
from tests.formula_weights import formula_blob
from tests.places import GOLDENS, SHARED
from tests.wire_bytes import count, floats, piece, shape

FORMATS = GOLDENS / "nets" / "formats"
MINI = GOLDENS / "nets" / "mini"
PRUNED = "GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression"
CORPUS = SHARED / "corpus" / "models"


def _by_google(path: Path) -> dict[str, list[np.ndarray]]:
    """The same file by Google's parser: an independent reading of V2 files."""
    net = message_class("NetParameter").FromString(path.read_bytes())
    return {
        layer.name: [np.array(blob.data, np.float32).reshape(tuple(blob.shape.dim)) for blob in layer.blobs]
        for layer in net.layer
        if layer.blobs
    }


def _same(found: dict[str, list[np.ndarray]], expected: dict[str, list[np.ndarray]]) -> None:
    assert list(found) == list(expected)
    for name, blobs in expected.items():
        assert len(found[name]) == len(blobs)
        for ours, theirs in zip(found[name], blobs, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)


def _layers(net: StoredWeights) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return [(layer.name, layer.type, layer.bottoms, layer.tops) for layer in net.layers]


def test_the_caffe_written_model_reads_as_googles_parser_reads_it() -> None:
    path = MINI / "dilation7_kitti_mini.caffemodel"
    _same(converter.read_weights(path), _by_google(path))


def test_the_caffe_written_model_holds_the_formula_weights() -> None:
    weights = converter.read_weights(MINI / "dilation7_kitti_mini.caffemodel")
    assert len(weights) == 23
    for name, blobs in weights.items():
        for index, blob in enumerate(blobs):
            np.testing.assert_array_equal(blob, formula_blob(name, index, blob.shape))


def test_the_early_fork_with_colliding_fields_143_and_144_gives_the_formula_weights() -> None:
    net = read_caffemodel(FORMATS / "early_fork_2016_public.caffemodel")
    assert net.file
    assert 143 in {item.number for layer in net.layers if layer.span for item in walk(net.file, layer.span)}
    weights = arrays_of(net)
    assert len(weights) == 23
    for name, blobs in weights.items():
        for index, blob in enumerate(blobs):
            np.testing.assert_array_equal(blob, formula_blob(name, index, blob.shape))


@pytest.mark.parametrize("age", ["v0", "v1"])
def test_older_schemas_give_the_layers_and_weights_of_caffes_own_upgrade(age: str) -> None:
    old = read_caffemodel(FORMATS / f"{age}_legacy.caffemodel")
    new = read_caffemodel(FORMATS / f"{age}_upgraded.caffemodel")
    today = read_caffemodel(FORMATS / f"{age}_v2.caffemodel")
    assert old.name == new.name == f"{age}net"
    assert [layer[:2] for layer in _layers(old)] == [layer[:2] for layer in _layers(new) if layer[1] != "Input"]
    for name, blobs in arrays_of(today).items():
        for ours, theirs in zip(arrays_of(old)[name], blobs, strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)
        for ours, theirs in zip(arrays_of(new)[name], blobs, strict=True):
            np.testing.assert_array_equal(ours.ravel(), theirs.ravel())
    assert all(blob.legacy and blob.array.ndim == 4 for layer in old.layers for blob in layer.stored)


def test_v1_bottoms_and_tops_are_those_of_caffes_upgrade() -> None:
    old = read_caffemodel(FORMATS / "v1_legacy.caffemodel")
    new = read_caffemodel(FORMATS / "v1_upgraded.caffemodel")
    assert _layers(old) == [layer for layer in _layers(new) if layer[1] != "Input"]


def test_v0_padding_layers_vanish_and_v0_blobs_lie_in_the_inner_message(tmp_path: Path) -> None:
    padding = piece(2, piece(1, piece(1, b"pad1") + piece(2, b"padding")) + piece(2, b"data") + piece(3, b"pad1"))
    inner = (
        piece(1, b"fc")
        + piece(2, b"innerproduct")
        + piece(50, floats(1, 2) + count(1, 1) + count(2, 1) + count(3, 1) + count(4, 2))
    )
    path = tmp_path / "old.caffemodel"
    path.write_bytes(padding + piece(2, piece(1, inner) + piece(2, b"pad1") + piece(3, b"fc")))
    net = read_caffemodel(path)
    assert _layers(net) == [("fc", "InnerProduct", ("pad1",), ("fc",))]
    np.testing.assert_array_equal(arrays_of(net)["fc"][0], np.array([[1, 2]], np.float32), strict=True)


def test_a_v1_type_number_that_caffe_does_not_have_keeps_its_number(tmp_path: Path) -> None:
    path = tmp_path / "fork.caffemodel"
    path.write_bytes(piece(2, piece(4, b"roi") + count(5, 150)))
    assert read_caffemodel(path).layers[0].type == "V1:150"


def test_varints_and_junk_where_parameter_messages_stand_do_not_stop_the_weights(tmp_path: Path) -> None:
    blob = piece(7, floats(3) + shape(1))
    junk = count(145, 7) + count(146, 0) + piece(143, b"/data/list.txt") + piece(202, b"\xff\xff\xff")
    path = tmp_path / "fork.caffemodel"
    path.write_bytes(piece(100, piece(1, b"c") + piece(2, b"Convolution") + junk + blob))
    np.testing.assert_array_equal(converter.read_weights(path)["c"][0], [3])


def test_of_two_layers_with_one_name_the_later_with_blobs_counts(tmp_path: Path) -> None:
    layers = [piece(1, b"c") + piece(7, floats(value) + shape(1)) for value in (1, 2)]
    path = tmp_path / "twice.caffemodel"
    path.write_bytes(b"".join(piece(100, layer) for layer in [*layers, piece(1, b"c")]))
    assert converter.read_weights(path)["c"][0] == 2
    assert len(read_caffemodel(path).layers) == 3


def test_a_read_only_file_gives_views_that_torch_takes_and_writing_to_them_leaves_it_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "m.caffemodel"
    path.write_bytes((FORMATS / "v1_v2.caffemodel").read_bytes())
    before = path.read_bytes()
    path.chmod(0o444)
    blob = converter.read_weights(path)["c1"][0]
    tensor = torch.from_numpy(blob)
    assert tensor.data_ptr() == blob.ctypes.data
    assert float(tensor.double().sum()) == pytest.approx(float(blob.astype(np.float64).sum()), rel=1e-12)
    tensor.zero_()
    assert path.read_bytes() == before


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "layers", "numbers"),
    [
        ("ShiqiYu__libfacedetection/models/caffe/yufacedetectnet-open-v1.caffemodel", 82, 673_360),
        ("szad670401__HyperLPR/Prj-Linux/lpr/model/mininet_ssd_v1.caffemodel", 120, 879_518),
        (f"{PRUNED}/examples/mnist/model/lenet_compress_iter_10000.caffemodel", 9, 431_080),
        ("everpeace__caffe/examples/mnist/lenet_iter_10000.caffemodel", 9, 431_080),
        ("inisis__caffe2onnx/test/caffemodel/scale_8.caffemodel", 2, 48),
    ],
    ids=["varints for messages", "SSD fork", "pruning fork", "V1", "double"],
)  # fmt: skip
def test_real_models_of_forks_read_with_the_counts_that_caffe_gave(path: str, layers: int, numbers: int) -> None:
    net = read_caffemodel(CORPUS / path)
    assert len(net.layers) == layers
    assert sum(blob.size for blobs in arrays_of(net).values() for blob in blobs) == numbers


@pytest.mark.corpus
def test_nvidias_half_floats_are_the_same_model_as_its_single_precision_file_to_half_precision() -> None:
    folder = CORPUS / "szad670401__HyperLPR" / "Prj-Linux"
    half = converter.read_weights(folder / "lpr" / "model" / "HorizonalFinemapping.caffemodel")
    single = converter.read_weights(folder / "hyperlpr" / "model" / "HorizonalFinemapping.caffemodel")
    assert list(half) == list(single)
    for name, blobs in single.items():
        for ours, theirs in zip(half[name], blobs, strict=True):
            assert ours.dtype == np.float16
            np.testing.assert_array_equal(ours, theirs.astype(np.float16))
