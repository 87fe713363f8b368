"""Every form of a convolution against torch's own in float64; which one is taken, and when."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from converter.errors import ShapeError
from converter.fast import accelerate
from converter.fast.autotune import AutotunedConvolution
from converter.fast.convolution.choice import ConvolutionAtPlace, candidates, select_algorithm
from converter.fast.convolution.direct import DirectConvolution
from converter.fast.convolution.filter import Filter, Place
from converter.fast.convolution.frequency import FrequencyConvolution, best_size, fits_frequency_domain, saves
from converter.fast.convolution.pointwise import PointwiseConvolution, is_pointwise
from converter.fast.convolution.space_to_batch import SpaceToBatchConvolution, is_dilated
from converter.fast.convolution.transform import frequency_planes, frequency_transform, winograd
from converter.fast.convolution.winograd import WinogradConvolution, fits_winograd, has_tiles
from converter.fast.matmul import multiplies_bfloat16
from converter.fast.sums import SummedConvolution
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image

CPU = Place(torch.float32, torch.device("cpu"))


def made(inputs, outputs, kernel, dilation=1, pad=0, rectified=True, bias=True, stride=1, group=1):
    draws = torch.Generator().manual_seed(inputs * 100 + outputs + kernel)
    weight = torch.randn(outputs, inputs // group, kernel, kernel, generator=draws)
    return Filter(
        weight,
        torch.randn(outputs, generator=draws) if bias else None,
        (stride, stride),
        (pad, pad),
        (dilation, dilation),
        group,
        rectified,
    )


def exact(given, x):
    bias = None if given.bias is None else given.bias.double()
    y = F.conv2d(x.double(), given.weight.double(), bias, given.stride, given.pad, given.dilation, given.group)
    return y.relu() if given.rectified else y


def picture(n, channels, height, width):
    return torch.randn(n, channels, height, width, generator=torch.Generator().manual_seed(height))


def apart(given, form, x):
    wanted, y = exact(given, x), form(x.contiguous(memory_format=torch.channels_last))
    assert y.shape == wanted.shape
    return float((y - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        (made(33, 40, 7, dilation=4), (1, 33, 60, 49)),
        (made(32, 35, 7, dilation=4, pad=12, rectified=False), (2, 32, 31, 30)),
        (made(32, 32, 5, bias=False), (1, 32, 5, 64)),
        (made(40, 48, 9, dilation=2, pad=3), (3, 40, 24, 33)),
        (made(32, 32, 15, pad=7), (1, 32, 20, 20)),
        (made(32, 32, 7), (1, 32, 7, 7)),
    ],
)
def test_the_fourier_form_is_the_convolution(given, shape):
    with torch.inference_mode():
        assert apart(given, FrequencyConvolution(given, CPU), picture(*shape)) <= 1e-6


def test_the_fourier_form_takes_bands_of_rows_and_blocks_of_outputs(monkeypatch):
    given, x = made(32, 100, 7, dilation=2), picture(1, 32, 90, 50)
    monkeypatch.setattr(FrequencyConvolution, "BAND", {"cpu": 1})
    monkeypatch.setattr(FrequencyConvolution, "BLOCK", {"cpu": 1})
    with torch.inference_mode():
        assert apart(given, FrequencyConvolution(given, CPU), x) <= 1e-6


TRANSFORMS = {
    "frequency_transform 8, 5": (frequency_transform(8, 5), 8, 5),
    "frequency_transform 12, 7": (frequency_transform(12, 7), 12, 7),
    "frequency_transform 16, 9": (frequency_transform(16, 9), 16, 9),
    "frequency_transform 6, 3": (frequency_transform(6, 3), 6, 3),
    "winograd": (winograd(), 6, 3),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_transform_correlates(name):
    """The matrices against the sum itself, on whole numbers."""
    t, size, k = TRANSFORMS[name]
    draws = np.random.default_rng(size)
    x, w = draws.integers(-9, 9, (size, size)), draws.integers(-9, 9, (k, k))
    outputs = size - k + 1
    y = t.back @ ((t.tile @ x.ravel()) * (t.kernel @ w.ravel()))
    wanted = [[(x[i : i + k, j : j + k] * w).sum() for j in range(outputs)] for i in range(outputs)]

    np.testing.assert_allclose(y.reshape(outputs, outputs), wanted, atol=1e-4 * k * k)


def test_a_transform_takes_as_many_products_as_it_says():
    assert [len(frequency_transform(size, 3).tile) for size in (6, 8, 12)] == [
        frequency_planes(size) for size in (6, 8, 12)
    ]
    assert winograd().tile.shape == (36, 36)
    assert winograd().back.shape == (16, 36)


def test_spectra_are_stored_at_the_second_call_where_there_is_memory(monkeypatch):
    given, x = made(32, 48, 7, dilation=2), picture(1, 32, 40, 36)
    bytes_ = 4 * frequency_planes(best_size(given, tuple(x.shape))) * 32 * 48
    for memory, stored in ((8 * bytes_, True), (8 * bytes_ - 1, False), (0, False)):
        monkeypatch.setattr("converter.fast.convolution.frequency.machine_memory", lambda memory=memory: memory)
        algorithm = FrequencyConvolution(given, CPU)
        with torch.inference_mode():
            for call in range(3):
                assert (algorithm._stored is not None) is (stored and call > 1)
                assert apart(given, algorithm, x) <= 1e-6
            assert apart(given, algorithm, picture(1, 32, 20, 90)) <= 1e-6  # of another size


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        (made(16, 24, 3), (1, 16, 34, 30)),
        (made(16, 24, 3, dilation=2, pad=2, rectified=False), (2, 16, 31, 30)),
        (made(16, 24, 3, dilation=4, bias=False), (1, 16, 60, 45)),
        (made(16, 24, 3, pad=1), (3, 16, 4, 4)),
    ],
)
def test_winograds_algorithm_is_the_convolution(given, shape):
    with torch.inference_mode():
        assert apart(given, WinogradConvolution(given, CPU), picture(*shape)) <= 2e-6


def test_winograds_algorithm_takes_bands_of_rows(monkeypatch):
    monkeypatch.setattr(WinogradConvolution, "BAND", {"cpu": 1})
    given = made(16, 24, 3, dilation=2)
    with torch.inference_mode():
        assert apart(given, WinogradConvolution(given, CPU), picture(1, 16, 50, 40)) <= 2e-6


def test_winograds_algorithm_is_for_many_channels_and_filled_tiles(monkeypatch):
    monkeypatch.setattr("converter.fast.convolution.winograd.has_avx512", lambda: True)
    monkeypatch.setattr("converter.fast.convolution.winograd.onednn.has_linear", lambda: True)
    conv4 = Filter(torch.empty(512, 512, 3, 3, device="meta"), None, (1, 1), (0, 0), (1, 1), 1, True)
    assert fits_winograd(conv4, CPU)
    assert has_tiles(conv4, (1, 512, 106, 106))
    assert not has_tiles(conv4, (1, 512, 12, 12))
    assert not fits_winograd(conv4, Place(torch.bfloat16, torch.device("cpu")))
    assert fits_winograd(made(256, 512, 3), CPU)
    assert not fits_winograd(made(256, 256, 3), CPU)
    assert not fits_winograd(made(256, 512, 3, stride=2), CPU)
    assert not fits_winograd(made(256, 512, 3, group=2), CPU)
    wide = Filter(torch.empty(672, 336, 3, 3, device="meta"), None, (1, 1), (0, 0), (16, 16), 1, True)
    assert not has_tiles(wide, (1, 336, 60, 60))  # 28 positions an image of 16: one tile in each, half empty
    monkeypatch.setattr("converter.fast.convolution.winograd.has_avx512", lambda: False)
    assert not fits_winograd(conv4, CPU)


def test_fc6_is_cheaper_by_spectra_and_small_or_strided_ones_are_not():
    fc6 = Filter(torch.empty(4096, 512, 7, 7, device="meta"), None, (1, 1), (0, 0), (4, 4), 1, True)
    assert fits_frequency_domain(fc6)
    assert saves(fc6, (1, 512, 90, 90))
    assert not saves(fc6, (1, 512, 28, 28))  # 4 x 4 cells: 16 images of one output each
    assert not fits_frequency_domain(made(64, 64, 3))
    assert not fits_frequency_domain(made(64, 64, 7, stride=2))
    assert not fits_frequency_domain(made(64, 64, 7, group=2))
    assert not fits_frequency_domain(made(3, 64, 7))


def test_a_small_image_goes_the_direct_way_through_the_same_form():
    given = made(32, 32, 7, dilation=4)
    form = select_algorithm(given, CPU)
    with torch.inference_mode():
        for side in (28, 90):
            assert apart(given, form, picture(1, 32, side, side)) <= 2e-6


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        (made(4, 6, 3, dilation=4), (1, 4, 30, 21)),
        (made(4, 6, 7, dilation=3, pad=5), (2, 4, 25, 20)),
        (made(4, 6, 3, dilation=2, pad=2, rectified=False, group=2), (1, 4, 9, 10)),
    ],
)
def test_the_block_form_is_the_convolution(given, shape):
    assert is_dilated(given)
    with torch.inference_mode():
        assert apart(given, SpaceToBatchConvolution(given, CPU), picture(*shape)) <= 1e-6


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_the_pointwise_form_is_the_convolution_and_copies_no_weights(rectified, bias):
    given = made(24, 10, 1, rectified=rectified, bias=bias)
    assert is_pointwise(given, CPU)
    form = PointwiseConvolution(given, CPU)
    with torch.inference_mode():
        assert apart(given, form, picture(2, 24, 7, 9)) <= 1e-6
    assert form._weight.data_ptr() == given.weight.data_ptr()


def test_small_pointwise_weights_are_packed_once_whatever_sizes_follow():
    given = made(24, 10, 1)
    form = PointwiseConvolution(given, CPU)
    with torch.inference_mode():
        assert apart(given, form, picture(1, 24, 7, 9)) <= 1e-6
        packed = form._packed
        assert packed.is_mkldnn
        assert apart(given, form, picture(2, 24, 40, 31)) <= 1e-6
        assert apart(given, form, picture(1, 24, 1, 1)) <= 1e-6
    assert form._packed is packed


def test_large_pointwise_weights_stay_where_they_lie(monkeypatch):
    monkeypatch.setattr("converter.fast.convolution.pointwise._SMALL", 24 * 10 * 4 - 1)
    given = made(24, 10, 1)
    form = PointwiseConvolution(given, CPU)
    with torch.inference_mode():
        assert apart(given, form, picture(1, 24, 7, 9)) <= 1e-6
    assert form._packed.data_ptr() == given.weight.data_ptr()


@pytest.mark.parametrize(
    ("form", "dtype"),
    [
        (DirectConvolution, torch.bfloat16),
        (DirectConvolution, torch.float16),
        (FrequencyConvolution, torch.bfloat16),
    ],
)
def test_half_precision_rounds_weights_and_answers_and_sums_in_float32(form, dtype, monkeypatch):
    """Whatever the processor: the answer is within one rounding of the exact sum of rounded factors."""
    monkeypatch.setattr("converter.fast.convolution.frequency.multiplies_bfloat16", lambda _: False)
    given, x = made(64, 40, 5), picture(1, 64, 12, 12).to(dtype)
    with torch.inference_mode():
        y = form(given, Place(dtype, torch.device("cpu")))(x)
        half = Filter(given.weight.to(dtype), given.bias.to(dtype), (1, 1), (0, 0), (1, 1), 1, True)
        wanted = exact(half, x)
    assert y.dtype == dtype
    step = torch.finfo(dtype).eps
    assert ((y.double() - wanted).abs() <= step * wanted.abs() + 1e-6 * wanted.abs().max()).all()


SHORT_FACTORS = pytest.mark.skipif(
    not multiplies_bfloat16("cpu"), reason="this processor multiplies bfloat16 no faster than float32"
)


@SHORT_FACTORS
def test_spectra_in_bfloat16_add_the_roundings_of_their_products():
    """A rounding to 8 bits is off by 0.0017 of a number, root mean square. Two factors are rounded, and their product;
    a sum of two of the three products has twice the variance of the one that it stands for; the output is rounded."""
    given, x = made(64, 40, 7, dilation=2, rectified=False), picture(1, 64, 40, 36).bfloat16()
    algorithm = FrequencyConvolution(given, Place(torch.bfloat16, torch.device("cpu")))
    with torch.inference_mode():
        for _call in range(3):  # the transform of the kernel is made at the first, stored at the second
            y, wanted = algorithm(x), exact(given, x)
            error = float((y.double() - wanted).norm() / wanted.norm())
            assert 0.0017 <= error <= 0.0017 * (2 * (1 + 1 + 1) + 1) ** 0.5
    assert y.dtype == torch.bfloat16
    assert algorithm._stored[1].dtype == torch.bfloat16


@pytest.mark.parametrize("faster", [True, False])
def test_a_large_kernel_in_bfloat16_goes_by_spectra_where_the_processor_multiplies_it_faster(faster, monkeypatch):
    monkeypatch.setattr("converter.fast.convolution.choice.multiplies_bfloat16", lambda _: faster)
    monkeypatch.setattr("converter.fast.convolution.choice.computes", lambda _: True)
    chosen = select_algorithm(made(64, 64, 7), Place(torch.bfloat16, torch.device("cpu")))
    assert isinstance(chosen, DirectConvolution) is not faster


def test_the_fastest_form_that_agrees_is_taken_once_for_every_size():
    given, x = made(4, 4, 3, dilation=2), picture(1, 4, 20, 20)
    tried = []

    def wrong():
        return lambda x: F.conv2d(x, given.weight)

    def failing():
        def form(x):
            raise RuntimeError("no engine")

        return form

    makers = {
        "direct": lambda: DirectConvolution(given, CPU),
        "wrong": wrong,
        "failing": failing,
        "blocks": lambda: SpaceToBatchConvolution(given, CPU),
    }
    seconds = {"DirectConvolution": 2.0, "SpaceToBatchConvolution": 1.0}

    def timed(form, x):
        tried.append(type(form).__name__)
        return seconds[type(form).__name__]

    with torch.inference_mode():
        form = AutotunedConvolution(makers, 1e-5, timed)
        assert apart(given, form, x) <= 1e-6
        assert tried == ["DirectConvolution", "SpaceToBatchConvolution"]
        assert list(form.chosen.values()) == ["blocks"]
        form(picture(1, 4, 21, 20))  # as large: nothing is tried again
        assert len(tried) == 2
        seconds["DirectConvolution"] = 0.5
        form(picture(1, 4, 60, 60))
    assert list(form.chosen.values()) == ["blocks", "direct"]


def test_what_cuda_chooses_from():
    names = {
        "fc6": set(candidates(ConvolutionAtPlace(made(64, 64, 7, dilation=4), CPU))),
        "fc6 tf32": set(
            candidates(ConvolutionAtPlace(made(64, 64, 7, dilation=4), Place(torch.float32, torch.device("cpu"), True)))
        ),
        "conv1_1": set(candidates(ConvolutionAtPlace(made(3, 64, 3), CPU))),
        "final": set(candidates(ConvolutionAtPlace(made(64, 21, 1, rectified=False), CPU))),
    }
    assert names["fc6"] == {"direct", "fused", "space to batch", "fourier"}
    assert names["fc6 tf32"] == {"direct", "fused", "space to batch"}
    assert names["conv1_1"] == {"direct", "fused"}
    assert names["final"] == {"direct"}


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_every_form_for_cuda_agrees_with_the_direct_one(dtype):
    given = made(64, 64, 7, dilation=4)
    place = Place(dtype, torch.device("cuda"))
    x = picture(1, 64, 90, 90).cuda().to(dtype).contiguous(memory_format=torch.channels_last)
    tolerance = 2e-5 if dtype == torch.float32 else 2e-2
    with torch.inference_mode():
        answers = {name: make()(x).float() for name, make in candidates(ConvolutionAtPlace(given, place)).items()}
    for name, answer in answers.items():
        assert (answer - answers["direct"]).abs().max() <= tolerance * answers["direct"].abs().max(), name


@pytest.mark.parametrize("favourite", ["DirectConvolution", "SpaceToBatchConvolution", "FrequencyConvolution"])
def test_a_whole_net_runs_on_forms_that_were_tried_out(monkeypatch, favourite):
    """What a GPU does, here: cuDNN's form fails on a CPU and is left out, and one of the others wins where it can."""
    net, x = formula_net("dilation8_camvid"), torch.from_numpy(formula_image(436, 420))[None]
    wanted, made = accelerate(net).logits(x), []

    def measured(given, place):
        made.append(AutotunedConvolution(candidates(ConvolutionAtPlace(given, place)), 1e-4, timed))
        return made[-1]

    def timed(form, x):
        return 1.0 if type(form).__name__ == favourite else 2.0

    monkeypatch.setattr("converter.fast.patterns.select_algorithm", measured)
    answers = accelerate(net).logits(x)
    names = {name for form in made for name in form.chosen.values()}

    assert "fused" not in names
    assert len(names) == (1 if favourite == "DirectConvolution" else 2)
    assert (answers - wanted).abs().max() <= 2e-5 * wanted.abs().max()


def test_an_input_smaller_than_the_kernel_is_told_as_such():
    given = made(4, 6, 7, dilation=4)
    direct, summed = DirectConvolution(given, CPU), SummedConvolution(given, CPU)
    for _ in range(2):
        for run in (direct, lambda x: summed(x, picture(1, 6, 6, 16))):
            with torch.inference_mode(), pytest.raises(ShapeError, match="blob of 15×40, padding included, is smaller"):
                run(picture(1, 4, 15, 40))
        direct(picture(1, 4, 30, 40))
        summed(picture(1, 4, 30, 40), picture(1, 6, 6, 16))


def test_what_a_kernel_refuses_for_another_reason_stays_in_its_own_words():
    direct = DirectConvolution(made(4, 6, 3), CPU)
    for x in (picture(1, 5, 9, 9), picture(1, 4, 9, 9)[0, 0]):
        with torch.inference_mode(), pytest.raises(RuntimeError) as caught:
            direct(x)
        assert not isinstance(caught.value, ShapeError)
