"""Comparing two sets of blobs: what passes, what never does, and the first blob that diverges."""

import math

import numpy as np
import pytest

import reference
from reference.caffemodel import read_caffemodel
from reference.compare import BASE, compare, tolerance
from reference.errors import ComparisonError
from reference.lineage import Lineage, lineage
from tests.formula_weights import formula_image
from tests.places import GOLDENS

MINI = GOLDENS / "nets" / "mini"
KITTI = MINI / "dilation7_kitti_mini"


@pytest.fixture(scope="module")
def kitti():
    """The net, its weights by layer, the input, and the oracle's blobs."""
    net = reference.read_net(KITTI.with_suffix(".prototxt"))
    stored = read_caffemodel(KITTI.with_suffix(".caffemodel"))
    weights = {layer.name: [blob.data.copy() for blob in layer.blobs] for layer in stored if layer.blobs}
    inputs = {"data": formula_image(436, 484)[None]}
    return net, weights, inputs, reference.run(net, weights, inputs)


def checked(kitti, blobs):
    """The oracle's blobs against others, by the net's own order and lineage."""
    net, _, _, expected = kitti
    return compare(expected, blobs, net.blobs, ends=net.outputs, lines=lineage(net))


def test_figures_are_what_they_are_called():
    expected = {"y": np.array([[3.0, 4.0], [0.0, 0.0]])}
    actual = {"y": np.array([[3.0, 4.0], [0.0, 0.5]])}

    (row,) = compare(expected, actual, ends=["y"]).rows

    assert (row.difference, row.relative, row.rms) == (0.5, 0.125, 0.1)
    assert row.position == (1, 1)
    assert row.agreement == 0.5
    assert row.shape == (2, 2)
    assert not row.passed


def test_tolerance_grows_with_the_root_of_the_sums_above():
    assert tolerance(Lineage(0), 100) == BASE
    assert tolerance(Lineage(24), 100) == 5 * BASE
    assert tolerance(Lineage(24, "logits"), 100) == pytest.approx(500 * BASE)
    assert tolerance(Lineage(3, "logits"), 0.1) == 2 * BASE


def test_lineage_counts_sums_along_the_longest_way():
    net = reference.parse("""
        layer { name: "x" type: "Input" top: "x" }
        layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 1 kernel_size: 1 } }
        layer { name: "r" type: "ReLU" bottom: "a" top: "a" }
        layer { name: "s" type: "Eltwise" bottom: "x" bottom: "a" top: "s" }
        layer { name: "p" type: "Softmax" bottom: "s" top: "p" }
        layer { name: "q" type: "Power" bottom: "x" top: "q" }""")

    assert lineage(net) == {"x": (0, None), "a": (1, None), "s": (2, None), "p": (3, "s"), "q": (0, None)}


def test_a_tanh_is_off_by_what_its_bottom_is_off_by():
    """300 is off by 2^-16 in float32, and so is a value near 0 beside it; its tanh, of scale 1, is off by as much."""
    net = reference.parse("""
        layer { name: "x" type: "Input" top: "x" }
        layer { name: "t" type: "TanH" bottom: "x" top: "t" }
        layer { name: "a" type: "AbsVal" bottom: "t" top: "a" }""")
    lines = lineage(net)
    assert lines == {"x": (0, None), "t": (0, "x"), "a": (0, "x")}
    true = {"x": np.array([300.0, 0.0]), "t": np.array([1.0, 0.0]), "a": np.array([1.0, 0.0])}
    off = {name: value + np.array([0, 2.0**-16]) for name, value in true.items()}
    assert compare(true, off, lines=lines).passed
    assert not compare({"t": true["t"]}, {"t": off["t"]}).passed
    off["a"][1] = 0.01
    assert not compare(true, off, lines=lines).passed


def test_what_is_joined_of_tangents_is_off_by_what_they_are_and_no_other_is():
    """An LSTM's gates are tangents too; a sum, and a Concat with an image, have tolerances of their own."""
    net = reference.parse("""
        layer { name: "x" type: "Input" top: "x" top: "m" }
        layer { name: "t" type: "TanH" bottom: "x" top: "t" }
        layer { name: "l" type: "LSTM" bottom: "x" bottom: "m" top: "l" recurrent_param { num_output: 1 } }
        layer { name: "both" type: "Concat" bottom: "l" bottom: "t" top: "both" }
        layer { name: "one" type: "Concat" bottom: "t" bottom: "x" top: "one" }
        layer { name: "sum" type: "Eltwise" bottom: "l" bottom: "t" top: "sum" }""")
    lines = lineage(net)
    assert lines["l"] == lines["both"] == (1, "x")
    assert lines["one"] == (0, None) and lines["sum"] == (2, None)


def test_float32_rounding_through_a_whole_net_passes(kitti):
    net, weights, inputs, _ = kitti

    result = checked(kitti, reference.run(net, weights, inputs, dtype=np.float32))

    assert result.passed
    assert result.first_divergence is None
    assert 0.001 < result.worst.relative / result.worst.tolerance < 0.5


@pytest.mark.parametrize("layer", ["conv1_1", "conv3_2", "fc6", "ctx_conv2_1", "ctx_final"])
def test_one_flipped_exponent_bit_fails_at_its_layer(kitti, layer):
    net, weights, inputs, _ = kitti
    flipped = dict(weights, **{layer: [blob.copy() for blob in weights[layer]]})
    bits = flipped[layer][0].reshape(-1).view(np.uint32)
    bits[np.abs(flipped[layer][0]).argmax()] ^= 1 << 23

    result = checked(kitti, reference.run(net, flipped, inputs, dtype=np.float32))

    assert not result.passed
    assert result.first_divergence.blob == layer
    assert result.first_divergence.relative > 10 * result.first_divergence.tolerance


@pytest.mark.parametrize(
    ("value", "other"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (np.inf, -np.inf), (1.0, np.inf)]
)
def test_values_that_are_not_finite_never_pass_unless_both_sides_agree(value, other):
    same = compare({"y": [0.0, value]}, {"y": [0.0, value]})
    apart = compare({"y": [0.0, value]}, {"y": [0.0, other]})

    assert same.passed
    assert not apart.passed
    assert math.isnan(apart.rows[0].relative)
    assert "at (1,), expected" in apart.rows[0].reason


def test_another_shape_never_passes_even_if_it_would_broadcast():
    (row,) = compare({"y": np.ones((1, 2))}, {"y": np.ones((2, 2))}).rows

    assert not row.passed
    assert row.reason == "shape (2, 2), expected (1, 2)"


def test_missing_and_extra_blobs_are_rows_that_fail():
    result = compare({"a": [1.0], "b": [1.0]}, {"a": [1.0], "c": [1.0]})

    assert [(row.blob, row.passed, row.reason) for row in result.rows] == [
        ("a", True, ""),
        ("b", False, "missing"),
        ("c", False, "extra, nothing was expected"),
    ]


def test_the_first_divergence_is_first_in_net_order():
    expected = {"late": [1.0], "early": [1.0]}

    result = compare(expected, {"late": [2.0], "early": [2.0]}, ["early", "late"])

    assert result.first_divergence.blob == "early"


def test_a_blob_of_zeros_passes_only_as_zeros():
    assert compare({"y": np.zeros(3)}, {"y": np.zeros(3)}).passed
    assert not compare({"y": np.zeros(3)}, {"y": [0, 1e-30, 0]}).passed


def test_empty_blobs_compare_by_shape():
    assert compare({"y": np.zeros((0, 2))}, {"y": np.zeros((0, 2))}).passed
    assert not compare({"y": np.zeros((0, 2))}, {"y": np.zeros((0, 3))}).passed


def test_the_table_has_a_line_for_every_blob_and_says_what_failed(kitti):
    net, _, _, expected = kitti

    lines = checked(kitti, dict(expected, prob=expected["prob"] + 1)).table().splitlines()

    assert lines[0].split() == [
        "blob",
        "shape",
        "max|diff|",
        "relative",
        "rms",
        "worst",
        "at",
        "arg-max",
        "tolerance",
        "verdict",
    ]
    assert len(lines) == 1 + len(net.blobs)
    assert lines[1].startswith("data") and lines[1].endswith("ok")
    assert "1x11x8x14" in lines[-1] and "100.0000%" in lines[-1] and "FAIL: off by" in lines[-1]


@pytest.mark.parametrize("blobs", [({}, {}), ({"y": ["a"]}, {"y": ["a"]})])
def test_what_cannot_be_compared_is_an_error(blobs):
    with pytest.raises(ComparisonError):
        compare(*blobs)
