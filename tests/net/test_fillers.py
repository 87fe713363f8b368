"""The fillers against Caffe's goldens, and the refusals."""

import numpy as np
import pytest

import converter
import reference
from converter.errors import ConversionError
from tests.places import GOLDENS

IDENTITY = np.load(GOLDENS / "nets/identity/identity.npz")
FILLERS = np.load(GOLDENS / "nets/fillers/fillers.npz")


def filled(path, layer="c", seed=0):
    net = converter.load(path, seed=seed)
    return net.blob_parameter(layer, 0).detach().numpy()


def centre_blocks(shape, groups):
    """Mask of the taps that the identity filler writes: written as the paper's equation 5, tap by tap."""
    outputs, inputs, rows, columns = shape
    mask = np.zeros(shape, bool)
    for b in range(outputs):
        for a in range(inputs):
            same = a // max(inputs // groups, 1) == b // (outputs // groups) if inputs >= groups else False
            mask[b, a, rows // 2, columns // 2] = same and a < groups * (inputs // groups)
    return mask


@pytest.mark.parametrize("number", range(9))
def test_identity_without_noise_is_caffes_bit_for_bit(number):
    weight = filled(GOLDENS / f"nets/identity/identity_{number:02d}.prototxt")

    np.testing.assert_array_equal(weight, IDENTITY[f"weight:{number:02d}"])


@pytest.mark.parametrize(("number", "groups", "std"), [(9, 21, 0.01), (10, 19, 0.01), (11, 5, 0.02)])
def test_identity_with_noise_has_caffes_block_taps_and_spread(number, groups, std):
    path = GOLDENS / f"nets/identity/identity_{number:02d}.prototxt"
    golden = IDENTITY[f"weight:{number:02d}"]
    weight = filled(path)
    mask = centre_blocks(golden.shape, groups)
    if f"std: {std}" not in path.read_text():
        std = float(np.std(golden[~mask]))

    np.testing.assert_array_equal(weight[mask], golden[mask])
    assert abs(weight[~mask].std() / golden[~mask].std() - 1) < 0.2
    assert abs(weight[~mask].mean()) < 6 * std / np.sqrt((~mask).sum())


@pytest.mark.parametrize("number", range(13))
def test_filler_statistics_are_caffes(number):
    """Over 23,040 values: mean, spread, extremes, row sums and share of non-zeros agree within sampling error."""
    weight = filled(GOLDENS / f"nets/fillers/filler_{number:02d}.prototxt")
    mean, std, low, high, absolute, share = FILLERS[f"stats:{number:02d}"]
    rows = FILLERS[f"rowsum:{number:02d}"]
    error = 6 * std / np.sqrt(weight.size)
    span = high - low

    assert weight.shape == (48, 32, 3, 5)
    assert abs(weight.mean() - mean) <= 1.5 * error + 1e-7
    assert abs(weight.std() - std) <= 0.05 * std + 1e-6
    assert abs(weight.min() - low) <= 0.15 * span
    assert abs(weight.max() - high) <= 0.15 * span
    assert abs(np.abs(weight).sum() / absolute - 1) < 0.05
    assert abs(np.count_nonzero(weight) / weight.size - share) < 0.02
    assert abs(weight.sum(axis=(1, 2, 3)).std() - rows.std()) <= 0.5 * rows.std() + 1e-5


FORK_LAYERS = {
    "data layer": 'layer { name: "d" type: "ImageLabelData" top: "d" top: "l" include { phase: TRAIN } }',
    "identity filler": """layer { name: "i" type: "Convolution" bottom: "x" top: "i"
        convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "identity" } } }""",
}


@pytest.mark.parametrize("mark", FORK_LAYERS)
@pytest.mark.parametrize("kernel", [2, 3, 4, 7, 16])
def test_bilinear_in_a_net_of_the_fork_is_the_forks_exactly(kernel, mark, tmp_path):
    text = (GOLDENS / f"nets/fillers/bilinear_{kernel}.prototxt").read_text()
    (tmp_path / "net.prototxt").write_text(f"{text}\n{FORK_LAYERS[mark]}")

    np.testing.assert_array_equal(filled(tmp_path / "net.prototxt"), FILLERS[f"bilinear:{kernel}"])


TENTS = {
    2: [0.5, 0.5],
    3: [0.5, 1, 0.5],
    4: [0.25, 0.75, 0.75, 0.25],
    6: [1 / 6, 1 / 2, 5 / 6, 5 / 6, 1 / 2, 1 / 6],
    7: [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25],
}
"""BVLC master's rule worked out: c = (k - 1) / (2 ceil(k / 2))."""


@pytest.mark.parametrize("kernel", TENTS)
def test_bilinear_elsewhere_is_symmetric_in_both_programs(kernel, tmp_path):
    path = tmp_path / "net.prototxt"
    text = (GOLDENS / "nets/fillers/bilinear_4.prototxt").read_text()
    path.write_text(text.replace("kernel_size: 4", f"kernel_size: {kernel}"))
    tent = np.array(TENTS[kernel])
    net, x = reference.read_net(path), np.zeros((1, 2, 9, 9))
    x[0, :, 4, 4] = 1
    blobs = reference.run(path, None, {"x": x})

    np.testing.assert_allclose(filled(path)[0, 0], np.outer(tent, tent), atol=1e-7)
    np.testing.assert_allclose(blobs["y"][0, 1, 8 : 8 + kernel, 8 : 8 + kernel], np.outer(tent, tent), atol=1e-12)
    assert not net.dilation_fork


def test_bilinear_by_hand():
    """k = 4: factor 2, centre 0.75, so the tent is .25 .75 .75 .25."""
    tent = np.array([0.25, 0.75, 0.75, 0.25], np.float32)

    np.testing.assert_array_equal(filled(GOLDENS / "nets/fillers/bilinear_4.prototxt")[0, 0], np.outer(tent, tent))


@pytest.mark.parametrize("size", ["32x5", "64x7", "64x3", "96x11"])
def test_gabor_is_intels_in_both_programs_bit_for_bit(size, tmp_path):
    """What intel/caffe's include/caffe/gabor.hpp gives, compiled; the oracle convolves an image of one pixel."""
    wanted = np.load(GOLDENS / "gabor" / "gabor.npz")[size]
    outputs, kernel = map(int, size.split("x"))
    path = tmp_path / "net.prototxt"
    path.write_text(
        f'input: "x" input_shape {{ dim: 3 dim: 3 dim: {kernel} dim: {kernel} }}\n'
        f'layer {{ name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param {{ num_output: {outputs} '
        f'kernel_size: {kernel} pad: {kernel - 1} bias_term: false weight_filler {{ type: "gabor" std: 0.01 }} }} }}'
    )
    x = np.zeros((3, 3, kernel, kernel))
    x[range(3), range(3), 0, 0] = 1
    blobs = reference.run(path, None, {"x": x})

    np.testing.assert_array_equal(filled(path), wanted)
    kernels = blobs["y"].transpose(1, 0, 2, 3)[..., kernel - 1 :: -1, kernel - 1 :: -1]
    np.testing.assert_array_equal(kernels.astype(np.float32), wanted)


def test_a_seed_repeats_a_random_filling_and_another_does_not():
    path = GOLDENS / "nets/fillers/filler_02.prototxt"

    np.testing.assert_array_equal(filled(path, seed=3), filled(path, seed=3))
    assert not np.array_equal(filled(path, seed=3), filled(path, seed=4))


@pytest.mark.parametrize(
    ("filler", "message"),
    [
        ('type: "identity" num_groups: 4', "num_groups 4 on 6 outputs"),
        ('type: "identity" std: 0', "std 0"),
        ('type: "bilinear"', "square kernel"),
        ('type: "xavier" sparse: 2', "only gaussian and identity"),
        ('type: "gabor"', r"expected 3 inputs and filters of 32 of 5x5, 64 of 7x7"),
        ('type: "magic"', "the fillers are bilinear"),
    ],
)
def test_a_filler_that_caffe_refuses_is_refused_with_the_reason(tmp_path, filler, message):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 9 dim: 9 } } }\n'
        'layer { name: "c" type: "Convolution" bottom: "x" top: "y"\n'
        f"  convolution_param {{ num_output: 6 kernel_h: 3 kernel_w: 1 weight_filler {{ {filler} }} }} }}\n"
    )

    with pytest.raises(ConversionError, match=message) as caught:
        converter.load(path)
    assert caught.value.layer == "c"
    assert caught.value.line in {2, 3}
