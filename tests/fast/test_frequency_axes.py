"""The frequency-domain form where rows and columns differ: paddings and sizes; and what it does not take."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from converter.fast.convolution import frequency
from converter.fast.convolution.filter import Filter, Place
from converter.fast.convolution.frequency import FrequencyConvolution, best_size, fits_frequency_domain, products

CPU = Place(torch.float32, torch.device("cpu"))


def made(kernel: tuple[int, int] = (5, 5), channels: tuple[int, int] = (32, 32), **changes) -> Filter:
    draws = torch.Generator().manual_seed(kernel[0])
    weight = torch.randn(channels[1], channels[0], *kernel, generator=draws)
    given = {"stride": (1, 1), "pad": (0, 0), "dilation": (1, 1), "group": 1, "rectified": False, **changes}
    return Filter(weight, None, **given)


@pytest.mark.parametrize("pad", [(0, 3), (3, 0), (4, 1), (1, 4), (0, 9)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_each_axis_has_its_own_padding(pad: tuple[int, int], dilation: int) -> None:
    """Torch's own convolution in float64 is the measure; an axis taken for the other gives another shape."""
    given = made(pad=pad, dilation=(dilation, dilation))
    x = torch.randn(2, 32, 14, 19, generator=torch.Generator().manual_seed(1))
    wanted = F.conv2d(x.double(), given.weight.double(), None, 1, pad, dilation)
    with torch.inference_mode():
        y = FrequencyConvolution(given, CPU)(x.contiguous(memory_format=torch.channels_last))
    assert y.shape == wanted.shape
    assert (y - wanted).abs().max() <= 1e-6 * wanted.abs().max()


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        (made(), True),
        (made((4, 4)), False),  # below 5
        (made((15, 15)), True),
        (made((16, 16)), False),  # no tile of at most 16 holds it
        (made((5, 7)), False),
        (made((7, 5)), False),
        (made(dilation=(1, 2)), False),
        (made(dilation=(2, 2)), True),
        (made(stride=(2, 2)), False),
        (made(stride=(1, 2)), False),
        (made(channels=(16, 64), group=2), False),
        (made(channels=(31, 64)), False),
        (made(channels=(64, 31)), False),
        (made(channels=(64, 32)), True),
    ],
)
def test_what_it_takes(given: Filter, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequency, "has_avx512", lambda: True)
    assert fits_frequency_domain(given) == fits


@pytest.mark.parametrize(
    ("kernel", "channels", "avx512", "fits"),
    [
        (3, 320, False, True),  # 320 · 320 / 640 = 160 products a transform
        (3, 319, False, False),
        (3, 320, True, False),
        (1, 320, False, False),
        (2, 320, False, True),
    ],
)
def test_small_kernels_pay_between_many_channels_without_avx512(kernel, channels, avx512, fits, monkeypatch) -> None:
    monkeypatch.setattr(frequency, "has_avx512", lambda: avx512)
    assert fits_frequency_domain(made((kernel, kernel), (channels, channels))) == fits


def test_the_tile_with_the_fewest_products_is_taken() -> None:
    """Of 6, 8, … 16 those above the kernel; the sum counts tiles and, twice, the kernel's own transform."""
    given, shape = made(), (1, 32, 40, 40)
    counted = {size: products(given, shape, size) for size in range(8, 17, 2)}
    assert counted[best_size(given, shape)] == min(counted.values())
    assert best_size(made((15, 15)), (1, 32, 40, 40)) == 16


def test_products_of_one_tile_by_hand() -> None:
    """A 5 x 5 kernel, an output of 4 x 4, a tile of 8: frequency_planes(8) times (1 tile + 2 · 25)."""
    shape = (1, 32, 8, 8)
    assert products(made(), shape, 8) == frequency.frequency_planes(8) * 51
    assert products(made(dilation=(2, 2)), (3, 32, 12, 12), 8) == frequency.frequency_planes(8) * (3 * 4 + 50)


@pytest.mark.parametrize(
    ("calls", "share", "stored"), [(1, 1.0, False), (2, 1.0, True), (3, 0.5, True), (2, 1.01, False), (9, 8.0, False)]
)
def test_spectra_are_stored_from_the_second_call_within_an_eighth_of_the_memory(calls, share, stored, monkeypatch):
    monkeypatch.setattr(frequency, "machine_memory", lambda: 8000)
    assert FrequencyConvolution(made(), CPU).stores(int(share * 1000), calls) == stored


def test_the_machines_memory_is_its_pages_times_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequency.os, "sysconf", {"SC_PHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert frequency.machine_memory() == 3 * 4096

    def unknown(_name: str) -> int:
        raise ValueError

    monkeypatch.setattr(frequency.os, "sysconf", unknown)
    assert frequency.machine_memory() == 0
