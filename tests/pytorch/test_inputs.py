"""Inputs that do not fit: one error with the input's name, its shape and the net's, and what to do."""

from pathlib import Path

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError

NET = """
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 6 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "p" type: "Softmax" bottom: "c" top: "p" }
"""
IMAGE = torch.zeros(1, 3, 8, 6)
MADE = r"the net was made for \(1, 3, 8, 6\)"


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory):
    path: Path = tmp_path_factory.mktemp("net") / "net.prototxt"
    path.write_text(NET)
    return converter.load(path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.zeros(1, 8, 6, 3), rf"'data' is \(1, 8, 6, 3\), {MADE}; give n, c, h, w: \.permute\(0, 3, 1, 2\)"),
        (torch.zeros(1, 4, 8, 6), rf"'data' is \(1, 4, 8, 6\), {MADE}$"),
        (torch.zeros(1, 3, 2, 2), rf"'data' is \(1, 3, 2, 2\), {MADE}$"),
        (torch.zeros(2, 3), rf"'data' is \(2, 3\), {MADE}$"),
        (IMAGE.byte(), r"'data' is uint8; convert it with \.to\(torch\.float32\)$"),
    ],
)
def test_a_layer_that_fails_tells_what_the_input_is_and_should_be(net, value, words) -> None:
    with pytest.raises(ShapeError, match=rf"layer 'c' \(Convolution\): .*bottoms' shapes: .*; input {words}"):
        net(value)
    with pytest.raises(ShapeError, match=words):
        net.blobs(value)


@pytest.mark.parametrize("value", [IMAGE[0], np.zeros((3, 8, 6), np.float32)], ids=["tensor", "array"])
def test_an_image_without_a_batch_axis_is_refused(net, value) -> None:
    words = r"input 'data' is \(3, 8, 6\), without the batch axis of \(1, 3, 8, 6\); add one with \[None\]"
    with pytest.raises(ShapeError, match=words):
        net(value)
    with pytest.raises(ShapeError, match=words):
        net(data=value)
    assert net(value[None])["p"].shape == (1, 2, 6, 4)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (IMAGE.double(), r"input 'data' is float64, the module float32; convert it with \.to\(torch\.float32\)"),
        (IMAGE.to("meta"), "input 'data' is on meta, the module on cpu"),
        ({"data": IMAGE}, r"input 'data' is a dict; expected a tensor or a NumPy array of shape \(1, 3, 8, 6\)"),
        (None, "input 'data' is a NoneType"),
    ],
)
def test_what_is_no_input_is_refused_before_anything_runs(net, value, words) -> None:
    with pytest.raises(ShapeError, match=words):
        net(value)


def test_other_sizes_and_batches_are_taken(net) -> None:
    assert net(torch.zeros(2, 3, 9, 10))["p"].shape == (2, 2, 7, 8)


def test_a_layer_that_fails_on_inputs_that_fit_tells_its_own_words_alone(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text("""
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 6 }
layer { name: "five" type: "Power" bottom: "data" top: "five" power_param { scale: 0 shift: 5 } }
layer { name: "e" type: "Embed" bottom: "five" top: "e" embed_param { num_output: 1 input_dim: 3 } }
""")
    with pytest.raises((ShapeError, IndexError)) as caught:
        converter.load(tmp_path / "net.prototxt")(IMAGE)
    assert "the net was made for" not in str(caught.value)
