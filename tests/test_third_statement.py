"""Convolution, deconvolution and pooling a third time, as nested loops that anyone can read; and by single bits."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

import converter
import reference

# kernel, stride, pad, dilation (rows and columns each), groups
WINDOWS = [
    ((3, 3), (1, 1), (0, 0), (1, 1), 1),
    ((3, 2), (2, 1), (1, 0), (1, 1), 1),
    ((2, 3), (1, 2), (0, 1), (2, 1), 2),
    ((3, 3), (1, 1), (2, 2), (2, 2), 2),
    ((1, 1), (3, 3), (0, 0), (1, 1), 1),
    ((2, 2), (3, 3), (1, 1), (1, 2), 4),
]
POOLS = [((2, 2), (2, 2), (0, 0)), ((3, 3), (2, 2), (1, 1)), ((2, 3), (1, 2), (1, 0)), ((1, 1), (3, 3), (0, 0)),
         ((2, 2), (2, 2), (1, 1)), ((3, 3), (3, 3), (2, 2))]  # fmt: skip


def whole(*shape, seed=0):
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


def convolution(x, w, stride, pad, dilation, groups):
    """The definition: y at a place is the sum of weight times the pixel that the tap falls on."""
    n, _, height, width = x.shape
    outputs, inputs, kh, kw = w.shape
    rows = (height + 2 * pad[0] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    columns = (width + 2 * pad[1] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    y = np.zeros((n, outputs, rows, columns))
    for item, o, i, r, c, p, q in itertools.product(*map(range, (n, outputs, inputs, rows, columns, kh, kw))):
        row, column = r * stride[0] - pad[0] + p * dilation[0], c * stride[1] - pad[1] + q * dilation[1]
        if 0 <= row < height and 0 <= column < width:
            y[item, o, r, c] += w[o, i, p, q] * x[item, o // (outputs // groups) * inputs + i, row, column]
    return y


def deconvolution(x, w, stride, pad, dilation, groups):
    """The definition: every pixel adds its value times the kernel to the places the kernel reaches."""
    n, inputs, height, width = x.shape
    _, outputs, kh, kw = w.shape
    rows = stride[0] * (height - 1) + dilation[0] * (kh - 1) + 1 - 2 * pad[0]
    columns = stride[1] * (width - 1) + dilation[1] * (kw - 1) + 1 - 2 * pad[1]
    y = np.zeros((n, outputs * groups, rows, columns))
    for item, i, o, r, c, p, q in itertools.product(*map(range, (n, inputs, outputs, height, width, kh, kw))):
        row, column = r * stride[0] - pad[0] + p * dilation[0], c * stride[1] - pad[1] + q * dilation[1]
        if 0 <= row < rows and 0 <= column < columns:
            y[item, i // (inputs // groups) * outputs + o, row, column] += w[i, o, p, q] * x[item, i, r, c]
    return y


def pooled(size, kernel, stride, pad, padded):
    """Rounded up; a last window that begins behind image and padding goes, if there is any padding."""
    count = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return count - 1 if padded and (count - 1) * stride >= size + pad else count


def pooling(x, kernel, stride, pad):
    """Maximum, its place, and mean of each window, the mean over the window cut where the padding ends."""
    n, c, height, width = x.shape
    rows = pooled(height, kernel[0], stride[0], pad[0], any(pad))
    columns = pooled(width, kernel[1], stride[1], pad[1], any(pad))
    best, place, mean = (np.zeros((n, c, rows, columns)) for _ in range(3))
    for item, channel, r, q in itertools.product(*map(range, (n, c, rows, columns))):
        top, left = r * stride[0] - pad[0], q * stride[1] - pad[1]
        bottom, right = min(top + kernel[0], height + pad[0]), min(left + kernel[1], width + pad[1])
        seen = [
            (float(x[item, channel, row, column]), row * width + column)
            for row in range(max(top, 0), min(bottom, height))
            for column in range(max(left, 0), min(right, width))
        ]
        largest, where = -float(np.finfo(np.float32).max), -1
        for value, position in seen:
            if value > largest:
                largest, where = value, position
        at = item, channel, r, q
        best[at], place[at] = largest, where
        area = (bottom - top) * (right - left)
        mean[at] = sum(value for value, _ in seen) / area if area else np.nan
    return best, place, mean


def answers(folder: Path, body: str, x, blobs=(), tops=("y",)):
    """The tops by the converter, then by the oracle, in float64."""
    dims = " ".join(f"dim: {size}" for size in x.shape)
    links = 'bottom: "x" ' + " ".join(f'top: "{top}"' for top in tops)
    path = folder / "net.prototxt"
    path.write_text(
        f'layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ {dims} }} }} }}\n'
        f'layer {{ name: "it" {links} {body} }}\n'
    )
    net = converter.load(path).double()
    with torch.no_grad():
        if len(blobs):
            net.set_blobs("it", list(blobs))
        ours = net.blobs(x=torch.from_numpy(x))
    theirs = reference.run(path, {"it": list(blobs)} if blobs else None, {"x": x})
    return [[ours[top].numpy() for top in tops], [theirs[top] for top in tops]]


def window_text(kernel, stride, pad, dilation=(1, 1)):
    fields = {"kernel": kernel, "stride": stride, "pad": pad}
    pairs = [f"{name}_h: {pair[0]} {name}_w: {pair[1]}" for name, pair in fields.items()]
    return " ".join([*pairs, *(f"dilation: {d}" for d in dilation if dilation != (1, 1))])


@pytest.mark.parametrize(("kernel", "stride", "pad", "dilation", "groups"), WINDOWS)
def test_convolution_is_its_loops(tmp_path, kernel, stride, pad, dilation, groups):
    x, w = whole(2, 4, 5, 6), whole(4, 4 // groups, *kernel, seed=1)
    fields = f"num_output: 4 group: {groups} bias_term: false {window_text(kernel, stride, pad, dilation)}"
    wanted = convolution(x, w, stride, pad, dilation, groups)

    for (seen,) in answers(tmp_path, f'type: "Convolution" convolution_param {{ {fields} }}', x, [w]):
        np.testing.assert_array_equal(seen, wanted)


@pytest.mark.parametrize(("kernel", "stride", "pad", "dilation", "groups"), WINDOWS)
def test_deconvolution_is_its_loops(tmp_path, kernel, stride, pad, dilation, groups):
    x, w = whole(2, 4, 3, 4), whole(4, 8 // groups, *kernel, seed=1)
    fields = f"num_output: 8 group: {groups} bias_term: false {window_text(kernel, stride, pad, dilation)}"
    wanted = deconvolution(x, w, stride, pad, dilation, groups)

    for (seen,) in answers(tmp_path, f'type: "Deconvolution" convolution_param {{ {fields} }}', x, [w]):
        np.testing.assert_array_equal(seen, wanted)


@pytest.mark.parametrize(("kernel", "stride", "pad"), POOLS)
def test_pooling_is_its_loops(tmp_path, kernel, stride, pad):
    x = whole(2, 2, 5, 6)
    best, place, mean = pooling(x, kernel, stride, pad)
    fields = window_text(kernel, stride, pad)

    for maxima, places in answers(tmp_path, f'type: "Pooling" pooling_param {{ {fields} }}', x, tops=("y", "at")):
        np.testing.assert_array_equal(maxima, best)
        np.testing.assert_array_equal(places, place)
    for (means,) in answers(tmp_path, f'type: "Pooling" pooling_param {{ pool: AVE {fields} }}', x):
        np.testing.assert_array_equal(means, mean)


def test_an_impulse_shows_every_tap_by_its_own_bit(tmp_path):
    """A single 1 comes out as the kernel turned round, its taps a dilation apart: weight 2^t at the place of tap t."""
    x = np.zeros((1, 1, 7, 7))
    x[0, 0, 3, 3] = 1
    bits = 2.0 ** np.arange(9).reshape(1, 1, 3, 3)
    wanted = np.zeros((1, 1, 7, 7))
    wanted[0, 0, 1:6:2, 1:6:2] = [[256, 128, 64], [32, 16, 8], [4, 2, 1]]
    fields = "num_output: 1 kernel_size: 3 dilation: 2 pad: 2 bias_term: false"

    for (seen,) in answers(tmp_path, f'type: "Convolution" convolution_param {{ {fields} }}', x, [bits]):
        np.testing.assert_array_equal(seen, wanted)


def test_the_bits_of_a_sum_say_which_taps_were_inside(tmp_path):
    """All pixels 1, weights 2^t: in the corner of a padded image only taps 4, 5, 7 and 8 see a pixel."""
    bits = 2.0 ** np.arange(9).reshape(1, 1, 3, 3)
    fields = "num_output: 1 kernel_size: 3 pad: 1 bias_term: false"
    body = f'type: "Convolution" convolution_param {{ {fields} }}'

    for (seen,) in answers(tmp_path, body, np.ones((1, 1, 4, 4)), [bits]):
        assert (seen[0, 0, 0, 0], seen[0, 0, 3, 3]) == (2**4 + 2**5 + 2**7 + 2**8, 2**0 + 2**1 + 2**3 + 2**4)
        assert seen[0, 0, 1, 1] == 2**9 - 1
