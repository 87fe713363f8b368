"""Which stored numbers a layer gets, as Caffe copies them: cases with answers worked out by hand from its rules."""

from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import WeightsError
from tests.places import GOLDENS
from tests.wire_bytes import packed, piece

CASES = GOLDENS / "cases"
ANSWERS = sorted(path.stem for path in CASES.glob("*.npz"))
FORMATS = ("caffemodel", "h5", "safetensors", "npz", "pth")
INPUT = 'input: "x" input_shape { dim: 1 dim: 2 }\n'
ONE = np.ones((1, 2), np.float32)


def layer(name: str, bottom: str, top: str, more: str = "") -> str:
    """An InnerProduct of two numbers."""
    param = "inner_product_param { num_output: 2 bias_term: false }"
    return f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{top}" {param} {more} }}\n'


def stored(path: Path, *layers: tuple[str, list[list[float]]]) -> Path:
    """A caffemodel of layers with one 2×2 blob each."""
    blobs = [(name, packed(np.float32(values))) for name, values in layers]
    body = [piece(1, name.encode()) + piece(2, b"InnerProduct") + piece(7, blob) for name, blob in blobs]
    path.write_bytes(b"".join(piece(100, one) for one in body))
    return path


@pytest.fixture
def prototxt(tmp_path: Path) -> Path:
    """Where a test writes its net."""
    return tmp_path / "n.prototxt"


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("ending", FORMATS)
def test_the_cases_answer_is_right_in_every_format(name: str, ending: str, tmp_path: Path) -> None:
    prototxt, out = CASES / f"{name}.prototxt", tmp_path / f"w.{ending}"
    golden = np.load(CASES / f"{name}.npz")
    converter.convert(CASES / f"{name}.caffemodel", out, prototxt)

    for weights in (CASES / f"{name}.caffemodel", out):
        y = converter.load(prototxt, weights)(data=golden["data"])["y"]
        assert np.allclose(y.detach().numpy(), golden["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_cases_pass_verification(name: str) -> None:
    assert main(["verify", str(CASES / f"{name}.prototxt"), str(CASES / f"{name}.caffemodel")]) == 0


TWICE = INPUT + layer("fc", "x", "h") + layer("fc", "h", "y")


def test_of_two_layers_of_one_name_the_first_gets_the_weights_and_a_note_names_both_places(prototxt: Path) -> None:
    prototxt.write_text(TWICE.replace("false }  }", 'false weight_filler { type: "constant" value: 2 } } }'))
    weights = stored(prototxt.with_name("w.caffemodel"), ("fc", [[1, 2], [3, 4]]))

    net = converter.load(prototxt, weights)

    # The first gives 1 + 2 and 3 + 4, the second 2 * (3 + 7) twice.
    assert [net.blobs(x=ONE)[name].tolist() for name in ("h", "y")] == [[[3, 7]], [[20, 20]]]
    assert any("'fc'" in note and f"{prototxt}:2" in note and f"{prototxt}:3" in note for note in net.notes)
    assert any("'fc' was filled" in note for note in net.notes)


def test_of_a_layer_stored_twice_the_last_counts_and_a_note_says_so(prototxt: Path) -> None:
    prototxt.write_text(INPUT + layer("fc", "x", "y"))
    weights = stored(prototxt.with_name("w.caffemodel"), ("fc", [[1, 2], [3, 4]]), ("fc", [[5, 6], [7, 8]]))

    net = converter.load(prototxt, weights)

    assert net(x=ONE)["y"].tolist() == [[11, 15]]
    assert any("'fc' is in the weights 2 times" in note for note in net.notes)


def test_a_state_dict_keeps_the_numbers_of_both_layers_of_one_name(prototxt: Path) -> None:
    prototxt.write_text(TWICE)
    first = converter.load(prototxt, stored(prototxt.with_name("w.caffemodel"), ("fc", [[1, 2], [3, 4]])))
    state = first.state_dict()
    assert len(state) == 2
    torch.save({key: torch.eye(2) * (index + 2) for index, key in enumerate(state)}, prototxt.with_name("w.pth"))

    assert converter.load(prototxt, prototxt.with_name("w.pth"))(x=ONE)["y"].tolist() == [[6, 6]]


SHARING = INPUT + layer("a", "x", "h", 'param { name: "w" }') + layer("b", "h", "y", 'param { name: "w" }')
LOW, HIGH = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("copies", "right"),
    [
        ([("a", LOW), ("b", HIGH)], HIGH), ([("b", HIGH), ("a", LOW)], LOW),
        ([("a", HIGH)], HIGH), ([("b", HIGH)], HIGH),
        ([("a", LOW), ("b", HIGH), ("a", LOW)], LOW),
    ],
)  # fmt: skip
def test_of_a_shared_parameters_copies_the_last_in_the_file_counts_for_all(
    prototxt: Path, copies: list[tuple[str, list[list[float]]]], right: list[list[float]]
) -> None:
    prototxt.write_text(SHARING)
    weights = stored(prototxt.with_name("w.caffemodel"), *copies)

    net = converter.load(prototxt, weights)

    matrix = np.float32(right)
    assert net(x=ONE)["y"].tolist() == (ONE @ matrix.T @ matrix.T).tolist()
    assert net.blob_parameter("a", 0) is net.blob_parameter("b", 0)
    assert any("copies that differ" in note for note in net.notes) == (len({str(one) for _, one in copies}) > 1)
    assert reference.run(prototxt, weights, {"x": ONE})["y"].tolist() == (ONE @ matrix.T @ matrix.T).tolist()


def test_later_of_several_files_counts_for_a_shared_parameter_too(prototxt: Path) -> None:
    prototxt.write_text(SHARING)
    one = stored(prototxt.with_name("1.caffemodel"), ("a", LOW), ("b", LOW))
    two = stored(prototxt.with_name("2.caffemodel"), ("a", HIGH))

    assert converter.load(prototxt, f"{one},{two}")(x=ONE)["y"].tolist() == [[17, 37]]


def test_a_sharer_alone_that_lacks_a_blob_of_its_own_is_refused(prototxt: Path) -> None:
    shared = 'param { name: "w" } inner_product_param { bias_term: true }'
    prototxt.write_text(INPUT + layer("a", "x", "h", 'param { name: "w" }') + layer("b", "h", "y", shared))
    weights = stored(prototxt.with_name("w.caffemodel"), ("a", LOW))

    with pytest.raises(WeightsError, match="missing from the file: b"):
        converter.load(prototxt, weights)


def test_layers_filled_by_the_net_share_one_drawing(prototxt: Path) -> None:
    prototxt.write_text(SHARING.replace("bias_term: false", 'bias_term: false weight_filler { type: "xavier" }'))

    assert main(["verify", str(prototxt)]) == 0
