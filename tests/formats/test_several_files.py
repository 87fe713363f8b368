"""Several weights files with commas between them: Caffe's --weights a,b copies a, then b over it."""

from itertools import permutations
from pathlib import Path

import pytest

import converter
from tests.wire_bytes import floats, piece, shape


def written(folder: Path, name: str, **layers: float) -> str:
    """A caffemodel whose layers have one blob of one number."""
    whole = piece(1, b"net")
    for layer, value in layers.items():
        blob = floats(value) + shape(1, 1)
        whole += piece(100, piece(1, layer.encode()) + piece(2, b"InnerProduct") + piece(7, blob))
    (folder / name).write_bytes(whole)
    return str(folder / name)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return {
        "a": written(tmp_path, "a.caffemodel", one=1, both=10, all=100),
        "b": written(tmp_path, "b.caffemodel", two=2, both=20, all=200),
        "c": written(tmp_path, "c.caffemodel", all=300),
    }


@pytest.mark.parametrize("order", [*permutations("abc"), ("a", "b"), ("b", "a"), ("a",)])
def test_the_last_file_that_has_a_layer_counts(files: dict[str, str], order: tuple[str, ...]) -> None:
    values = {"a": {"one": 1, "both": 10, "all": 100}, "b": {"two": 2, "both": 20, "all": 200}, "c": {"all": 300}}
    expected: dict[str, float] = {}
    for name in order:
        expected |= values[name]
    found = converter.read_weights(",".join(files[name] for name in order))
    assert {layer: blobs[0].item() for layer, blobs in found.items()} == expected


def test_a_net_computes_with_the_last(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(
        'input: "x" input_shape { dim: 1 dim: 1 }\n'
        'layer { name: "both" type: "InnerProduct" bottom: "x" top: "y" '
        "inner_product_param { num_output: 1 bias_term: false } }"
    )
    for order, value in (("ab", 20), ("ba", 10)):
        weights = ",".join(files[name] for name in order)
        net = converter.load(tmp_path / "net.prototxt", weights, allow_unknown=True)
        assert net.blob_parameter("both", 0).item() == value
