"""Each kind of step that oneDNN's own library does, against the plain net."""

import pytest
import torch
from torch import nn

from converter.fast.response_normalization import FastLocalResponseNorm
from converter.fast.static_graph import MeanOfMap
from converter.modules import combine, select, shapes
from converter.modules.pooling import CeilAvgPool2d
from tests.fast.kernel_programs import HERE, Sums, by_kernels, check, draws, image, steps


@HERE
@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(16, 24, 3), nn.Conv2d(16, 8, 1, bias=False), nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.Conv2d(16, 32, 5, 2, 2, groups=2), nn.Conv2d(16, 5, (3, 1), padding=(2, 0), dilation=(2, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_convolutions(convolution):
    check(convolution)


def swish(convolution):
    class Swish(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.sigmoid, self.product = convolution, nn.Sigmoid(), combine.Product()

        def forward(self, x):
            y = self.conv(x)
            return self.product(y, self.sigmoid(y))

    return Swish()


@HERE
@pytest.mark.parametrize("layer", [nn.Conv2d(16, 8, 3, 2), nn.Linear(12, 8)], ids=["convolution", "linear"])
@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU(), nn.ReLU(inplace=True), nn.LeakyReLU(0.1), nn.ReLU6(), nn.ELU(0.7), nn.Sigmoid(), nn.Tanh(),
        nn.PReLU(1, 0.3), nn.PReLU(8),
    ],
    ids=str,
)  # fmt: skip
def test_an_activation_is_done_by_the_kernel_before_it(layer, activation):
    if isinstance(activation, nn.PReLU) and activation.num_parameters > 1:
        activation.weight.data.uniform_(-1, 1, generator=draws())
    shape = (2, 16, 13, 12) if isinstance(layer, nn.Conv2d) else (3, 12)
    x = image(4, shape)
    made = check(nn.Sequential(layer, activation), shape=shape)
    assert len(steps(made)) == 1
    torch.testing.assert_close(x, image(4, shape))


@HERE
def test_a_sigmoid_times_its_own_input_is_done_by_the_kernel_before_it():
    made = check(swish(nn.Conv2d(16, 8, 3)))
    assert len(steps(made)) == 1


@HERE
@pytest.mark.parametrize(
    ("pooling", "has_kernel"),
    [
        (nn.MaxPool2d(3, 2, 1), True), (nn.MaxPool2d(2, 2, ceil_mode=True), True), (MeanOfMap(), True),
        (nn.AvgPool2d(3, 2), True), (nn.AvgPool2d(3, 2, 1), True),
        (nn.AvgPool2d(3, 2, 1, count_include_pad=False), True),
        (CeilAvgPool2d(3, 2), True), (CeilAvgPool2d(3, 3, 1), False), (CeilAvgPool2d(4, 3, 1), False),
        (nn.MaxPool2d(3, 2, dilation=2), False), (nn.AvgPool2d(2, divisor_override=3), False),
    ],
    ids=str,
)  # fmt: skip
def test_poolings(pooling, has_kernel):
    assert by_kernels(check(pooling)) == has_kernel


@HERE
@pytest.mark.parametrize(
    ("size", "beta", "has_kernel"), [(5, 0.75, True), (5, 0.6, False), (3, 0.75, True), (4, 0.75, False)]
)
def test_normalizations_across_channels(size, beta, has_kernel):
    assert by_kernels(check(FastLocalResponseNorm(nn.LocalResponseNorm(size, 0.1, beta, 2.0)))) == has_kernel


@HERE
@pytest.mark.parametrize(
    ("shape", "axis", "has_kernel"),
    [((2, 16, 5, 4), 1, True), ((2, 16, 5, 4), -1, False), ((2, 9, 4), 2, True), ((2, 9, 4), 1, False)],
)
def test_softmax_has_a_kernel_along_the_innermost_axis(shape, axis, has_kernel):
    assert by_kernels(check(nn.Softmax(axis), shape=shape)) == has_kernel


@HERE
@pytest.mark.parametrize("shape", [(2, 16, 5, 4), (2, 9, 4), (1, 7)])
def test_concatenations_along_any_axis(shape):
    class Net(nn.Module):
        def __init__(self, axis):
            super().__init__()
            self.join, self.again = combine.Concat(axis), combine.Concat(axis)

        def forward(self, x):
            return self.again(self.join(x, x), x)

    for axis in range(-1, len(shape)):
        assert by_kernels(check(Net(axis), shape=shape))


@HERE
@pytest.mark.parametrize(
    "module",
    [
        nn.Softmax(1), nn.ReLU(inplace=True), nn.Sigmoid(), nn.PReLU(), nn.ConvTranspose2d(16, 16, 4, 2, groups=16),
        shapes.ShuffleChannels(4), shapes.Permute((0, 2, 3, 1)), combine.Scale((16,)), nn.Dropout(),
    ],
    ids=lambda module: type(module).__name__,
)  # fmt: skip
def test_steps_of_torchs_own_between_kernels(module):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.module, self.last = nn.Conv2d(16, 16, 1), module, combine.Concat(1)

        def forward(self, x):
            y = self.first(x)
            return self.last(self.module(y), self.module(y))

    check(Net())


@HERE
@pytest.mark.parametrize("features", [40, 7000])
def test_linear_layers_behind_maps_small_and_wide(features):
    check(nn.Sequential(nn.Conv2d(16, 8, 1), nn.Flatten(), nn.Linear(8 * 13 * 12, features), nn.ReLU()))


@HERE
def test_a_sum_takes_a_blobs_place_only_where_nothing_else_reads_it():
    made = check(Sums())
    assert len(steps(made)) == 7  # four convolutions, one with its sum; a sum, its ReLU, the joining


@HERE
def test_what_is_added_to_a_convolution_is_computed_before_it():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.pool, self.add, self.relu = (
                nn.Conv2d(16, 16, 1, 2),
                nn.MaxPool2d(1, 2),
                combine.Sum(),
                nn.ReLU(),
            )

        def forward(self, x):
            y = self.conv(x)
            return self.relu(self.add(y, self.pool(x)))

    made = check(Net())
    assert len(steps(made)) == 2


@HERE
@pytest.mark.parametrize(
    "layer", [lambda: nn.Conv2d(16, 8, 1), lambda: nn.Linear(12, 8)], ids=["convolution", "linear"]
)
def test_of_two_layers_that_are_added_the_second_does_the_sum(layer):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.add = layer(), layer(), combine.Sum()

        def forward(self, x):
            return self.add(self.one(x), self.two(x))

    made = check(Net(), shape=(2, 16, 13, 12) if isinstance(layer(), nn.Conv2d) else (3, 12))
    assert len(steps(made)) == 2


@HERE
def test_parts_of_channels_and_a_weight_used_twice_at_two_sizes():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.slice, self.conv, self.pool = select.Slice(2), nn.Conv2d(8, 8, 1), nn.MaxPool2d(2)
            self.mean, self.join = MeanOfMap(), combine.Concat()

        def forward(self, x):
            a, b = self.slice(x)
            return self.join(self.mean(self.conv(a)), self.mean(self.conv(self.pool(b))))

    check(Net())
