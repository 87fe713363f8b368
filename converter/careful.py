"""Two-dimensional convolutions that round with care where the order of float32 sums would show.

Which sums a convolution rounds, and in which order, differs between libraries. On narrow nets oneDNN's direct kernels
end up to a tenth further from the exact result than Caffe does. A small problem can afford better: it is summed in
float64 and rounded once. Large ones (the published nets' own layers) go to oneDNN, which with AVX-512 is both faster
and more exact than Caffe. Without, its kernels carry one sum through all products, three times as far from the exact
result as Caffe's; there long sums are matrix products, as in Caffe, or the Fourier form (`converter.fast.fourier`).

The identity start of the Large context module adds up to 32 equal parts in one output. A float32 sum of 32 equal parts
need not be 32 times the part, whatever the order; of parts of 12 significant bits it is. There the input is taken apart
into two such halves, and the answer is the sum of two convolutions.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from converter.geometry import Geometry, count_of
from converter.lazytorch import F, torch

if TYPE_CHECKING:
    from torch import Tensor

    from converter.fast.filters import Filter

_WORK = 1_000_000_000
"""Multiply-adds up to which a convolution counts as small: some tens of milliseconds."""

_COLUMNS = 1 << 25
"""Values that the windows, laid out as columns, may hold: 256 MiB in float64."""


_HALF = 4097.0
"""2**12 + 1: Veltkamp's factor, which leaves the upper 12 of float32's 24 significant bits."""

_LONG = 1024
"""Products in a sum that oneDNN's kernels without AVX-512 should not carry through."""

_BAND = 1 << 26
"""Bytes of the windows that are laid out as columns at a time."""

EXACT_PARTS = 2
"""Equal float32 numbers whose sum is exact in any order."""


def convolution2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, group: int, equal_parts: int = 1
) -> Tensor:
    """x: (n, c_in, h, w), weight: (c_out, c_in / group, kh, kw) -> (n, c_out, h', w') of x's type.

    With `equal_parts` n, an output that adds n equal products (equation 5's identity, weights powers of two) is exact,
    whatever the size, in float32 and float64.
    """
    g = geometry
    if torch.compiler.is_compiling() or torch._C._is_tracing():  # what is exported is the convolution alone
        return F.conv2d(x, weight, bias, g.stride, g.pad, g.dilation, group)
    if _is_small(x, weight, g, group):
        wide = None if bias is None else bias.double()
        return F.conv2d(x.double(), weight.double(), wide, g.stride, g.pad, g.dilation, group).to(x.dtype)
    if equal_parts > EXACT_PARTS and x.dtype == torch.float32 and not torch.is_autocast_enabled(x.device.type):
        upper, lower = halves(x)
        return _plainly(upper, weight, bias, g, group) + _plainly(lower, weight, None, g, group)
    return _plainly(x, weight, bias, g, group)


def _plainly(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, group: int) -> Tensor:
    """In x's own type, whatever it is: the library's convolution, or long sums taken apart where that is needed."""
    g = geometry
    if _sums_badly(x, weight, group):
        if torch.is_grad_enabled() and any(value is not None and value.requires_grad for value in (x, weight, bias)):
            return differentiable(x, weight, bias, g)
        return long_sums(x, weight, bias, g)
    return F.conv2d(x, weight, bias, g.stride, g.pad, g.dilation, group)


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors of at most 12 significant bits whose sum is x, float32: Veltkamp's splitting (Dekker, 1971).

    Gradients pass through the second alone, which gives a convolution of the two x's own.
    """
    fixed = x.detach()
    scaled = fixed * _HALF
    upper = scaled - (scaled - fixed)
    return upper, x - upper


def long_sums(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    """An ungrouped float32 convolution whose sums are taken apart: see this module's first lines. Not differentiable.

    x: (n, c_in, h, w), weight: (c_out, c_in, kh, kw) -> (n, c_out, h', w').
    """
    from converter.fast.filters import Filter, Place
    from converter.fast.fourier import FourierConvolution, has_large_kernel, saves

    stride, pad, dilation = ((sizes[0], sizes[1]) for sizes in (geometry.stride, geometry.pad, geometry.dilation))
    given = Filter(weight, bias, stride, pad, dilation, 1, False)
    if has_large_kernel(given) and saves(given, tuple(x.shape)):
        form = FourierConvolution(given, Place(x.dtype, x.device), packed=False)
        return form(x.detach()).contiguous()
    return _products(x.detach(), given)


def differentiable(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    """`long_sums` with the gradients of the convolution that it is."""
    from converter.careful_gradient import LongSums

    answer: Tensor = LongSums.apply(x, weight, bias, geometry)  # type: ignore[no-untyped-call]
    return answer


def _products(x: Tensor, given: Filter) -> Tensor:
    """Windows laid out as columns, a band of rows at a time, times the weights: Caffe's own way."""
    (kh, kw), (sh, _), (ph, pw), (dh, _) = given.kernel, given.stride, given.pad, given.dilation
    rows, columns = given.output_size(x.shape[2], x.shape[3])
    weight = given.weight.detach().flatten(1)
    padded = F.pad(x, (pw, pw, ph, ph)) if ph or pw else x
    y = x.new_empty(x.shape[0], weight.shape[0], rows, columns)
    band = max(1, _BAND // (4 * weight.shape[1] * columns * x.shape[0]))
    for top in range(0, rows, band):
        part = y[:, :, top : top + band]
        window = padded[:, :, top * sh : (top + part.shape[2] - 1) * sh + dh * (kh - 1) + 1]
        answer = torch.matmul(weight, F.unfold(window, (kh, kw), given.dilation, 0, given.stride))
        part.copy_(answer.view(part.shape))
    return y if given.bias is None else y.add_(given.bias.detach()[:, None, None])


def _sums_badly(x: Tensor, weight: Tensor, group: int) -> bool:
    """Whether oneDNN would carry long float32 sums through on this processor."""
    long = group == 1 and count_of(weight.shape[1:]) >= _LONG
    return long and x.device.type == "cpu" and x.dtype == torch.float32 and not has_avx512()


@cache
def has_avx512() -> bool:
    """Whether torch's own kernels use AVX-512 on this processor."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


def _is_small(x: Tensor, weight: Tensor, geometry: Geometry, group: int) -> bool:
    """Whether float64 comes at little cost: a float32 problem on the CPU, ungrouped, of few products."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or group != 1:
        return False
    columns = count_of(weight.shape[1:]) * count_of(geometry.convolved(tuple(x.shape[2:])))
    return columns <= _COLUMNS and columns * weight.shape[0] * x.shape[0] <= _WORK
