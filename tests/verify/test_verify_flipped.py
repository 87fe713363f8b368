"""A weight with one flipped bit must fail against what was stored with the sound one, and name its layer."""

from pathlib import Path

import numpy as np
import pytest

import reference
from converter import read_weights
from converter.cli import main
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from tests.formula_weights import formula_image
from tests.verify.formula_files import KITTI, stored_by_caffe

# layer, the blob it reads: the first convolution, middle ones, the classifier, the last one
LAYERS = {"conv1_1": "data", "conv4_2": "conv4_1", "fc7": "fc6", "final": "fc7", "ctx_final": "ctx_fc1"}
LOWEST, MIDDLE, TOP = 23, 26, 30


def flipped(source: Path, target: Path, blob: np.ndarray, place: tuple[int, ...], bit: int) -> Path:
    """A copy of a caffemodel with one bit of one value turned; the blob's bytes occur once in the file."""
    content = bytearray(source.read_bytes())
    assert content.count(blob.tobytes()) == 1
    start = content.index(blob.tobytes()) + 4 * int(np.ravel_multi_index(place, blob.shape))
    content[start + bit // 8] ^= 1 << bit % 8
    target.write_bytes(content)
    return target


@pytest.fixture(scope="module")
def caffe(tmp_path_factory):
    return stored_by_caffe(tmp_path_factory.mktemp("caffe") / "caffe.npz", "dilation7_kitti", (436, 484))


@pytest.fixture(scope="module")
def oracle():
    return reference.run(f"{KITTI}.prototxt", f"{KITTI}.caffemodel", {"data": formula_image(436, 484)[None]})


def busiest(blob: np.ndarray) -> int:
    """The channel with the largest mean: one that ReLU leaves alive, so that a changed weight shows."""
    return int(blob[0].mean(axis=(1, 2)).argmax())


@pytest.mark.parametrize("bit", [LOWEST, MIDDLE, TOP])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_flipped_exponent_bit_of_a_weight_fails_and_names_the_layer(tmp_path, capsys, caffe, oracle, layer, bit):
    weight = read_weights(f"{KITTI}.caffemodel")[layer][0]
    place = (busiest(oracle[layer]), busiest(oracle[LAYERS[layer]]), weight.shape[2] // 2, weight.shape[3] // 2)
    broken = flipped(Path(f"{KITTI}.caffemodel"), tmp_path / "broken.caffemodel", weight, place, bit)
    assert main(["verify", f"{KITTI}.prototxt", str(broken), "--against", str(caffe)]) == 1
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert verdict.startswith("FAIL: ") and f"made by layer '{layer}'" in verdict


@pytest.mark.parametrize("bit", [LOWEST, TOP])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_flipped_exponent_bit_of_a_bias_fails_and_names_the_layer(tmp_path, capsys, caffe, oracle, layer, bit):
    bias = read_weights(f"{KITTI}.caffemodel")[layer][1]
    place = (busiest(oracle[layer]),)
    broken = flipped(Path(f"{KITTI}.caffemodel"), tmp_path / "broken.caffemodel", bias, place, bit)
    assert main(["verify", f"{KITTI}.prototxt", str(broken), "--against", str(caffe)]) == 1
    assert f"made by layer '{layer}'" in capsys.readouterr().out.splitlines()[-1]


SMALL = """name: "small" input: "data" input_shape { dim: 1 dim: 1 dim: 1 dim: 2 }
layer { name: "times" type: "Convolution" bottom: "data" top: "products"
  convolution_param { num_output: 4 kernel_size: 1 bias_term: false } }
"""


@pytest.mark.parametrize(
    ("channel", "becomes"),
    [(0, 2.0**-127), (1, np.nan), (2, np.inf), (3, 0.5 * 2.0**128)],
    ids=["tiny", "nan", "inf", "huge"],
)
def test_the_top_exponent_bit_fails_whatever_it_makes_of_a_weight(tmp_path, capsys, channel, becomes):
    weight = np.array([3, 1.5, 1, 0.5], np.float32).reshape(4, 1, 1, 1)
    net = tmp_path / "small.prototxt"
    net.write_text(SMALL)
    write_caffemodel(tmp_path / "small.caffemodel", "small", [OutputLayer("times", "Convolution", (weight,))])
    x = np.array([[[[2.0, -4.0]]]], np.float32)
    np.savez(tmp_path / "by_hand.npz", **{"in:data": x, "out:products": weight.reshape(1, 4, 1, 1) * x})
    given = ["--against", str(tmp_path / "by_hand.npz")]
    assert main(["verify", str(net), str(tmp_path / "small.caffemodel"), *given]) == 0
    target = tmp_path / "broken.caffemodel"
    broken = flipped(tmp_path / "small.caffemodel", target, weight, (channel, 0, 0, 0), TOP)
    np.testing.assert_equal(float(read_weights(broken)["times"][0].ravel()[channel]), becomes)
    assert main(["verify", str(net), str(broken), *given]) == 1
    assert "made by layer 'times'" in capsys.readouterr().out.splitlines()[-1]


def test_without_stored_blobs_both_sides_read_the_flipped_weight_and_agree(tmp_path, oracle):
    weight = read_weights(f"{KITTI}.caffemodel")["conv4_2"][0]
    place = (busiest(oracle["conv4_2"]), busiest(oracle["conv4_1"]), 1, 1)
    broken = flipped(Path(f"{KITTI}.caffemodel"), tmp_path / "broken.caffemodel", weight, place, LOWEST)
    assert main(["verify", f"{KITTI}.prototxt", str(broken)]) == 0
