"""Intel's `filler` of a BatchNorm, which begins the Scale layer that its engines merge into it, in both programs."""

import numpy as np
import pytest

import converter
import reference

X = np.float32([[3, 5]])
HEAD = 'input: "x" input_shape { dim: 1 dim: 2 }\n'
NORM = (
    'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { eps: 0.25 filler { value: 4 } } }\n'
)
SCALE = 'layer {{ name: "s" type: "Scale" bottom: "{}" {} top: "z" {} }}\n'


def both(tmp_path, text: str, top: str) -> tuple[list[float], converter.CaffeModule]:
    """A top in both programs, which have to agree, without weights: BatchNorm doubles."""
    path = tmp_path / "n.prototxt"
    path.write_text(HEAD + text)
    net = converter.load(path)
    expected = reference.run(path, None, {"x": X})[top]
    assert net.blobs(x=X)[top].tolist() == expected.tolist()
    return expected[0].tolist(), net


@pytest.mark.parametrize(
    "param", ["", "scale_param { bias_term: true filler { value: 9 } }", "scale_param { bias_filler { value: 1 } }"]
)
def test_it_begins_the_scale_layer_behind(param, tmp_path) -> None:
    found, net = both(tmp_path, NORM + SCALE.format("y", "", param), "z")
    assert found == [24, 40]
    assert next(name for name, _ in net.named_parameters()) == "s.weight"
    assert "BatchNorm's filler is that of the Scale layer" in net.notes[0]


def test_without_a_scale_layer_it_begins_a_scale_of_its_own(tmp_path) -> None:
    found, net = both(tmp_path, NORM, "y")
    assert found == [24, 40]
    assert [name for name, _ in net.named_parameters()] == ["bn.weight", "bn.bias"]


def test_a_scale_layer_with_its_factor_given_is_not_merged(tmp_path) -> None:
    found, _ = both(tmp_path, NORM + SCALE.format("y", 'bottom: "x"', "scale_param { axis: 0 }"), "z")
    assert found == [72, 200]


def test_another_reader_before_it_keeps_it_from_the_scale_layer(tmp_path) -> None:
    power = 'layer { name: "p" type: "Power" bottom: "y" top: "w" }\n'
    found, net = both(tmp_path, NORM + power + SCALE.format("y", "", ""), "z")
    assert found == [24, 40]
    assert [name for name, _ in net.named_parameters()] == ["bn.weight", "bn.bias", "s.weight"]
