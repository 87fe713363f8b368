"""NVIDIA's BatchNorm of five blobs, in every form that files hold it in, in both programs; values by hand."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import ConversionError, WeightsError
from converter.modules.affine_batch_norm import AffineBatchNorm2d
from tests.wire_bytes import count, packed, piece

MEAN, VARIANCE, NUMBER = [1.0, 2.0], [3.0, 8.0], [7.0]
SCALE, BIAS = [10.0, 100.0], [0.5, -0.5]
X = np.float32([[3, 5]])
# With eps 1 both are normalized to 1: 2 by the root of 4, and 3 by the root of 9.
RIGHT = [[10.5, 99.5]]
TODAY, DIGITS = (MEAN, VARIANCE, NUMBER, SCALE, BIAS), (SCALE, BIAS, MEAN, VARIANCE, NUMBER)


def flat(values: list[float]) -> bytes:
    """A blob of one axis."""
    return packed(np.float32(values))


def four_axes(values: list[float]) -> bytes:
    """A blob of shape 1×c×1×1."""
    return packed(np.float32(values).reshape(1, -1, 1, 1))


def legacy(values: list[float]) -> bytes:
    """The same in the old form: num, channels, height, width."""
    sizes = b"".join(count(axis, size) for axis, size in zip((1, 2, 3, 4), (1, len(values), 1, 1), strict=True))
    return sizes + piece(5, np.float32(values).tobytes())


def files(folder: Path, param: str, blobs: list[bytes], phase: str = "") -> tuple[Path, Path]:
    """A net of one BatchNorm over two channels, and its weights."""
    layer = f'layer {{ name: "bn" type: "BatchNorm" bottom: "x" top: "y" {phase} batch_norm_param {{ {param} }} }}'
    (folder / "n.prototxt").write_text(f'input: "x" input_shape {{ dim: 1 dim: 2 }}\n{layer}\n')
    body = piece(1, b"bn") + piece(2, b"BatchNorm") + b"".join(piece(7, blob) for blob in blobs)
    (folder / "w.caffemodel").write_bytes(piece(100, body))
    return folder / "n.prototxt", folder / "w.caffemodel"


@pytest.mark.parametrize("form", [flat, four_axes, legacy])
@pytest.mark.parametrize("order", [TODAY, DIGITS], ids=["today", "digits"])
@pytest.mark.parametrize(
    "param",
    [
        "scale_bias: true", "scale_filler { value: 1 }", 'bias_filler { type: "constant" value: 1 }', "",
        "scale_bias: true use_global_stats: false", "use_global_stats: true engine: CUDNN scale_bias: false",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["caffemodel", "safetensors", "h5"])
def test_every_form_gives_the_same_numbers(form, order, param, ending, tmp_path) -> None:
    prototxt, weights = files(tmp_path, f"eps: 1 {param}", [form(blob) for blob in order])
    if ending != "caffemodel":
        converter.convert(weights, tmp_path / f"o.{ending}", prototxt)
        weights = tmp_path / f"o.{ending}"

    assert converter.load(prototxt, weights)(x=X)["y"][0].tolist() == pytest.approx(RIGHT[0])
    assert reference.run(prototxt, weights, {"x": X})["y"].tolist() == RIGHT


def test_weights_read_without_a_net_stand_in_todays_order(tmp_path) -> None:
    _, weights = files(tmp_path, "", [four_axes(blob) for blob in DIGITS])

    assert [blob.tolist() for blob in converter.read_weights(weights)["bn"]] == [*map(list, TODAY)]


@pytest.mark.parametrize("eps", ["1e-9", "0"])
def test_a_smaller_eps_than_cudnns_is_that(eps, tmp_path) -> None:
    prototxt, weights = files(tmp_path, f"eps: {eps}", [flat(one) for one in ([0, 0], [0, 0], NUMBER, [1, 1], [0, 0])])

    right = 3 / np.sqrt(1e-5)
    assert converter.load(prototxt, weights)(x=X)["y"][0, 0].item() == pytest.approx(right, rel=1e-6)
    assert reference.run(prototxt, weights, {"x": X})["y"][0, 0] == pytest.approx(right, rel=1e-9)


def test_three_blobs_are_bvlcs_and_are_divided(tmp_path) -> None:
    prototxt, weights = files(tmp_path, "eps: 1", [flat(one) for one in ([2, 4], [6, 16], [2])])

    assert converter.load(prototxt, weights)(x=X)["y"].tolist() == [[1, 1]]
    assert reference.run(prototxt, weights, {"x": X})["y"].tolist() == [[1, 1]]


def test_three_blobs_where_the_net_says_five_are_refused(tmp_path) -> None:
    prototxt, weights = files(tmp_path, "scale_bias: true", [flat(one) for one in (MEAN, VARIANCE, NUMBER)])

    with pytest.raises(WeightsError, match="bn: 3 blobs in the file, 5 in the net"):
        converter.load(prototxt, weights)
    with pytest.raises(reference.OracleError, match="hold 3 blobs, the layer has 5"):
        reference.run(prototxt, weights, {"x": X})


def test_without_weights_scale_is_one_and_bias_zero_unless_filled(tmp_path) -> None:
    prototxt, _ = files(tmp_path, "scale_bias: true eps: 0.25 bias_filler { value: 4 }", [])

    assert converter.load(prototxt)(x=X)["y"].tolist() == [[10, 14]]  # 3 / sqrt(0.25) + 4, 5 / sqrt(0.25) + 4
    assert reference.run(prototxt, None, {"x": X})["y"].tolist() == [[10, 14]]


def test_training_takes_the_batchs_statistics_and_begins_with_them(tmp_path) -> None:
    prototxt, weights = files(tmp_path, "eps: 1 moving_average_fraction: 0.75", [flat(blob) for blob in TODAY])
    net = converter.load(prototxt, weights, phase="train")
    batch = np.float32([[0, 0], [4, 8]])

    y = net(x=batch)["y"]

    # Means 2 and 4, biased variances 4 and 16.
    normalized = np.array([[-2, -4], [2, 4]]) / np.sqrt([5, 17])
    assert y.detach().numpy() == pytest.approx(normalized * SCALE + BIAS, rel=1e-6)
    assert net.blob_parameter("bn", 0).tolist() == [2, 4]  # replaced, in the first pass
    assert net.blob_parameter("bn", 1).tolist() == [4, 16]
    expected = reference.run(prototxt, weights, {"x": batch}, phase="train")["y"]
    assert expected == pytest.approx(normalized * SCALE + BIAS, rel=1e-9)


def test_scale_and_bias_are_trained_and_the_statistics_are_not() -> None:
    module = AffineBatchNorm2d(2)

    assert sorted(name for name, _ in module.named_parameters()) == ["bias", "weight"]
    assert sorted(name for name, _ in module.named_buffers()) == ["running_mean", "running_var", "scale_factor"]
    assert module(torch.zeros(4, 2, 3, 3)).shape == (4, 2, 3, 3)


def test_the_first_two_passes_replace_the_statistics_and_later_ones_move_them() -> None:
    """batch_norm_layer.cu: `iter_ > 1` moves, else copies; iter_ counts the layer's own passes in training from 0."""
    module = AffineBatchNorm2d(1, moving_average_fraction=0.75).train()
    module.running_mean.fill_(100)
    module.running_var.fill_(50)
    found = []
    for low, high in ((3, 5), (6, 14), (0, 4), (8, 8)):  # means 4, 10, 2, 8; biased variances 1, 16, 4, 0
        module(torch.tensor([[float(low)], [float(high)]]))
        found.append((module.running_mean.item(), module.running_var.item()))
        module.eval()(torch.ones(2, 1))  # no pass in training
        module.train()
    # 0.75 * 10 + 0.25 * 2 = 8, 0.75 * 16 + 0.25 * 4 = 13; 0.75 * 8 + 0.25 * 8 = 8, 0.75 * 13 = 9.75
    assert found == [(4, 1), (10, 16), (8, 13), (8, 9.75)]


def test_what_is_replaced_leaves_no_trace_and_a_copy_goes_on_where_it_was() -> None:
    module = AffineBatchNorm2d(1, moving_average_fraction=0.5).train()
    module.running_mean.fill_(float("nan"))
    module(torch.tensor([[1.0], [3.0]]))
    module(torch.tensor([[1.0], [3.0]]))
    again = copy.deepcopy(module)
    again(torch.tensor([[6.0], [6.0]]))
    assert (again.running_mean.item(), again.running_var.item()) == (4, 0.5)  # (2 + 6) / 2, (1 + 0) / 2
    assert module.running_mean.item() == 2


def test_fixed_statistics_are_not_replaced() -> None:
    module = AffineBatchNorm2d(1, use_global_stats=True).train()
    module.running_mean.fill_(7)
    module(torch.tensor([[1.0], [3.0]]))
    assert module.running_mean.item() == 7


def test_rates_for_the_statistics_are_taken_as_0(tmp_path) -> None:
    """NVIDIA's layer sets them itself; BVLC's, which states no scale and bias, refuses them."""
    for param, refused in (("scale_filler { value: 2 }", False), ("eps: 1", True)):
        prototxt, _ = files(tmp_path, f"eps: 0.25 {param}", [], "param { lr_mult: 1 }")
        if refused:
            with pytest.raises(ConversionError, match="lr_mult 1 for statistics"):
                converter.load(prototxt)
            with pytest.raises(reference.OracleError, match="its statistics have an lr_mult"):
                reference.run(prototxt, None, {"x": X})
        else:
            net = converter.load(prototxt)
            assert net(x=X)["y"].tolist() == [[12, 20]]  # 2 · 3 / sqrt(0.25), 2 · 5 / sqrt(0.25)
            assert reference.run(prototxt, None, {"x": X})["y"].tolist() == [[12, 20]]
            assert [name for name, _ in net.named_parameters()] == ["bn.weight", "bn.bias"]


@pytest.mark.parametrize("param", ["scale_bias: true", "scale_filler { value: 1 }"])
def test_rates_are_nvidias_whatever_the_file_states(param, tmp_path) -> None:
    """Its LayerSetUp writes lr_mult and decay_mult 0 for the statistics and 1 for scale and bias over the file's."""
    prototxt, weights = files(tmp_path, f"eps: 1 {param}", [flat(blob) for blob in TODAY])
    rates = " ".join("param { lr_mult: 3 decay_mult: 2 }" for _ in range(5))
    prototxt.write_text(prototxt.read_text().replace("batch_norm_param", f"{rates} batch_norm_param"))
    net = converter.load(prototxt, weights, phase="train")
    groups = converter.parameter_groups(net, lr=0.1, weight_decay=0.01)
    assert {(group["lr"], group["weight_decay"]) for group in groups} == {(0.1, 0.01)}
    assert sum(len(group["params"]) for group in groups) == 2
    assert reference.run(prototxt, weights, {"x": X})["y"].tolist() == RIGHT
