"""Statistics of layers that normalize, where a net is verified without its weights."""

import numpy as np
import pytest
import torch

import converter
from converter.cli import main
from converter.verify.verify import Verifier

DEPTH = 20
INPUT = 'input: "data" input_shape { dim: 1 dim: 4 dim: 3 dim: 3 }\n'
PAIR = """layer {{ name: "c{0}" type: "Convolution" bottom: "{1}" top: "c{0}"
  convolution_param {{ num_output: 4 kernel_size: 1 weight_filler {{ type: "msra" }} }} }}
layer {{ name: "b{0}" type: "{2}" bottom: "c{0}" top: "b{0}" {3} }}
"""


def net(tmp_path, kind: str = "BatchNorm", fields: str = "", depth: int = DEPTH):
    """A net of convolutions, each with a layer that normalizes behind it."""
    pairs = (PAIR.format(at, f"b{at - 1}" if at else "data", kind, fields) for at in range(depth))
    (tmp_path / "net.prototxt").write_text(INPUT + "".join(pairs))
    return tmp_path / "net.prototxt"


def test_a_deep_net_that_normalizes_verifies_without_weights(tmp_path, capsys):
    """With Caffe's zeros each layer multiplies by 316: twenty of them leave what float32 holds."""
    assert main(["verify", str(net(tmp_path))]) == 0
    assert "the statistics of 20 layers that normalize are stand-ins: means -1 to 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("BatchNorm", ""),
        ("BatchNorm", "batch_norm_param { scale_bias: true }"),
        ("BN", "bn_param { slope_filler { value: 1 } bias_filler { value: 0 } momentum: 0.9 }"),
    ],
)
def test_means_and_variances_differ_from_channel_to_channel(tmp_path, kind, fields):
    verifier = Verifier(net(tmp_path, kind, fields, 1), None)
    state = {name.split(".")[-1]: tensor for name, tensor in verifier.module.state_dict().items() if "b0." in name}
    assert np.allclose(state["running_mean"].flatten(), [-1, -1 / 3, 1 / 3, 1])
    assert np.allclose(state["running_var"].flatten(), [0.5, 1, 1.5, 2])
    blobs = verifier.oracle.blobs({"data": np.ones((1, 4, 3, 3), np.float32)}, {})[0]
    deviations = np.sqrt([0.5, 1, 1.5, 2])
    wanted = [(blobs["c0"][0, at] - (-1 + at * 2 / 3)) / deviations[at] for at in range(4)]
    assert np.allclose(blobs["b0"][0], wanted, rtol=1e-4)


def test_a_layer_of_the_batchs_own_statistics_is_left_alone(tmp_path):
    """SegNet's, with two blobs."""
    verifier = Verifier(
        net(tmp_path, "BN", "bn_param { scale_filler { value: 3 } shift_filler { value: 0 } }", 1), None
    )
    assert not any("stand-ins" in note for note in verifier.module.notes)


def test_what_a_file_holds_is_what_is_verified(tmp_path):
    """Zeros too."""
    path = net(tmp_path, depth=2)
    torch.save(converter.load(path, seed=0).state_dict(), tmp_path / "net.pth")
    verifier = Verifier(path, tmp_path / "net.pth")
    assert not any("stand-ins" in note for note in verifier.module.notes)
    assert not verifier.module.state_dict()["b0.running_var"].any()
