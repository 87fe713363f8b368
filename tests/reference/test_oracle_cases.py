"""Files of odd kinds whose right answers were worked out from Caffe's rules: names, copies, NVIDIA's BatchNorm."""

import numpy as np
import pytest

import reference
from reference.errors import OracleError
from reference.weights import count_nonfinite
from tests.places import GOLDENS

CASES = GOLDENS / "cases"
ANSWERED = sorted(path.stem for path in CASES.glob("*.npz"))


@pytest.mark.parametrize("name", ANSWERED)
def test_the_right_numbers_come_out(name):
    stored = np.load(CASES / f"{name}.npz")

    blobs = reference.run(CASES / f"{name}.prototxt", CASES / f"{name}.caffemodel", {"data": stored["data"]})

    np.testing.assert_allclose(blobs["y"], stored["y"], rtol=1e-7, atol=1e-9)


def test_every_kind_of_case_is_there():
    assert len(ANSWERED) == 6


def test_a_nan_among_the_weights_is_counted_with_its_layer_and_blob():
    (found,) = count_nonfinite(reference.read_net(CASES / "nan.prototxt"), CASES / "nan.caffemodel")

    assert (found.layer, found.blob, found.count, found.size) == ("fc", "weight", 1, 12)


def test_sound_weights_have_nothing_to_count():
    assert count_nonfinite(reference.read_net(CASES / "names_gbk.prototxt"), CASES / "names_gbk.caffemodel") == ()


def test_a_layer_too_big_is_refused_before_anything_is_allocated():
    with pytest.raises(OracleError, match=r"layer 'c' .Convolution.: .*2000000000"):
        reference.run(CASES / "too_big.prototxt", None, {"data": np.zeros((1, 3, 8, 8))})


def test_an_escape_sequence_in_a_name_is_printed_escaped():
    net = reference.read_net(CASES / "escape.prototxt")
    assert net.layers[1].name == "\x1b[2Jname"

    with pytest.raises(OracleError) as caught:
        reference.run(net, {"\x1b[2Jname": [[1.0]]}, {"data": [[1.0, 2.0]]})

    assert "\x1b" not in str(caught.value)
    assert "layer '\\x1b[2Jname'" in str(caught.value)
    assert caught.value.layer == "\x1b[2Jname"


def test_bytes_that_are_not_utf_8_are_printed_as_hexadecimal():
    net = reference.read_net(CASES / "names_gbk.prototxt")
    name = net.layers[1].name

    with pytest.raises(OracleError, match=r"layer '\\xbe\\xed\\xbb\\xfd"):
        reference.run(net, {name: [[1.0]], net.layers[2].name: [[1.0]]}, {"data": np.ones((2, 4))})


FILLED_TWICE = """
input: "x" input_shape { dim: 1 dim: 1 }
layer { name: "p" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 1 bias_term: false } }
layer { name: "p" type: "InnerProduct" bottom: "h" top: "y"
  inner_product_param { num_output: 1 bias_term: false weight_filler { type: "constant" value: 5 } } }
"""


def test_the_second_layer_of_a_name_keeps_its_filler():
    blobs = reference.run(reference.parse(FILLED_TWICE), {"p": [[[3.0]]]}, {"x": [[1.0]]})

    assert (blobs["h"].item(), blobs["y"].item()) == (3, 15)


SHARED = """
input: "x" input_shape { dim: 1 dim: 1 }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "h" param { name: "w" }
  inner_product_param { num_output: 1 bias_term: false } }
layer { name: "b" type: "InnerProduct" bottom: "h" top: "y" param { name: "w" }
  inner_product_param { num_output: 1 bias_term: false } }
"""


@pytest.mark.parametrize(("order", "right"), [("ab", 49), ("ba", 9)])
def test_the_last_copy_in_the_file_wins_by_position(order, right):
    copies = {"a": [[[3.0]]], "b": [[[7.0]]]}

    blobs = reference.run(reference.parse(SHARED), {name: copies[name] for name in order}, {"x": [[1.0]]})

    assert blobs["y"].item() == right


def test_the_last_layer_of_the_net_wins_by_key_whatever_the_order_of_keys():
    for keys in ("ab", "ba"):
        copies = {f"{name}.weight": np.array([[{"a": 3.0, "b": 7.0}[name]]]) for name in keys}
        assert reference.run(reference.parse(SHARED), copies, {"x": [[1.0]]})["y"].item() == 49


def test_a_shared_copy_of_another_shape_is_refused_even_where_another_copy_wins():
    with pytest.raises(OracleError, match=r"layer 'a'.*shape \(2, 1\)"):
        reference.run(reference.parse(SHARED), {"a": [[[3.0], [4.0]]], "b": [[[7.0]]]}, {"x": [[1.0]]})


BATCH_NORM = """
input: "x" input_shape { dim: 1 dim: 2 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { eps: 0 FIELDS } }
"""
# y = (x - mean) / sqrt(var + eps) * scale + bias by hand, x = (5, 7), eps = 0: NVIDIA's least is 1e-5
MEAN, VARIANCE, SCALE, BIAS = [1.0, 3.0], [4.0, 16.0], [2.0, 10.0], [0.5, -1.0]


@pytest.mark.parametrize("fields", ["scale_bias: true", 'scale_filler { type: "constant" }', "bias_filler {}", ""])
@pytest.mark.parametrize("order", [[MEAN, VARIANCE, [9.0], SCALE, BIAS], [SCALE, BIAS, MEAN, VARIANCE, [9.0]]])
def test_nvidias_five_blobs_use_the_statistics_as_stored(fields, order):
    net = reference.parse(BATCH_NORM.replace("FIELDS", fields))

    y = reference.run(net, {"bn": order}, {"x": [[5.0, 7.0]]})["y"]

    wanted = [4 / np.sqrt(4 + 1e-5) * 2 + 0.5, 4 / np.sqrt(16 + 1e-5) * 10 - 1]
    np.testing.assert_allclose(y, [wanted], rtol=1e-7)


def test_three_blobs_are_divided_and_keep_their_eps():
    y = reference.run(reference.parse(BATCH_NORM.replace("FIELDS", "")), {"bn": [[2.0, 6.0], [8.0, 32.0], [2.0]]},
                      {"x": [[5.0, 7.0]]})["y"]  # fmt: skip

    np.testing.assert_allclose(y, [[2.0, 1.0]], rtol=1e-15)


def test_a_net_that_wants_five_blobs_fills_them_and_takes_no_batch_statistics_in_test():
    net = reference.parse(BATCH_NORM.replace("FIELDS", "scale_bias: true bias_filler { value: 3 }"))

    y = reference.run(net, None, {"x": [[5.0, 7.0]]})["y"]

    np.testing.assert_allclose(y, [[5 / np.sqrt(1e-5) + 3, 7 / np.sqrt(1e-5) + 3]], rtol=1e-7)


def test_in_training_the_batch_is_scaled_too():
    net = reference.parse(BATCH_NORM.replace("FIELDS", "scale_bias: true"), phase="train")

    y = reference.run(net, {"bn": [MEAN, VARIANCE, [9.0], SCALE, BIAS]}, {"x": [[1.0, 1.0], [3.0, 5.0]]})["y"]

    first, second = 1 / np.sqrt(1 + 1e-5), 2 / np.sqrt(4 + 1e-5)
    np.testing.assert_allclose(y, [[0.5 - 2 * first, -1 - 10 * second], [0.5 + 2 * first, 10 * second - 1]], rtol=1e-7)


def test_stages_and_levels_choose_layers():
    text = """input: "x" input_shape { dim: 1 }
        layer { name: "a" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } include { stage: "deploy" } }
        layer { name: "b" type: "Power" bottom: "x" top: "z" power_param { scale: 3 } include { min_level: 2 } }"""

    assert reference.parse(text).blobs == ("x",)
    assert reference.parse(text, stages=("deploy",)).blobs == ("x", "y")
    assert reference.parse(text, level=2).blobs == ("x", "z")


def test_run_hands_stages_and_level_on(tmp_path):
    (tmp_path / "n.prototxt").write_text(
        'input: "x" input_shape { dim: 1 } layer { name: "a" type: "Power" bottom: "x" top: "y" '
        'power_param { scale: 2 } include { stage: "deploy" min_level: 1 } }'
    )

    blobs = reference.run(tmp_path / "n.prototxt", None, {"x": [1.0]}, stages=("deploy",), level=1)

    assert blobs["y"].item() == 2


def test_a_net_that_keeps_no_layer_is_an_error():
    with pytest.raises(OracleError, match="has no layers in phase TEST, level 0, stages none"):
        reference.parse('layer { name: "a" type: "Input" top: "x" include { stage: "deploy" } }')
