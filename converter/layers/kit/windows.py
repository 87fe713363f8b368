"""Sizes that sliding windows have: Caffe's ways to write kernel, stride, pad and dilation, and the output they give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from converter.errors import ShapeError
from converter.layers.layer import Window

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


class Geometry(NamedTuple):
    """A sliding window, one entry per spatial axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def extent(self) -> tuple[int, ...]:
        """The kernel's reach with dilation: d(k - 1) + 1."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def window(self) -> Window:
        """What one output position sees."""
        return Window(self.extent, self.stride, self.pad)

    def convolution_sizes(self, sizes: Shape) -> Shape:
        """Output sizes of a convolution (src/caffe/layers/conv_layer.cpp, compute_output_shape).

        A window that lacks less than a stride still has one place, since C++ divides towards zero.
        """
        return tuple(
            max(0, (size + 2 * p - e) // s + 1 if size + 2 * p >= e else int(e - size - 2 * p < s))
            for size, e, s, p in zip(sizes, self.extent, self.stride, self.pad, strict=True)
        )

    def overhangs(self, sizes: Shape) -> bool:
        """Whether the window is larger than the padded input."""
        return any(size + 2 * p < e for size, e, p in zip(sizes, self.extent, self.pad, strict=True))

    def deconvolution_sizes(self, sizes: Shape) -> Shape:
        """Output sizes of the transposed convolution (src/caffe/layers/deconv_layer.cpp, compute_output_shape)."""
        return tuple(
            s * (size - 1) + e - 2 * p for size, e, s, p in zip(sizes, self.extent, self.stride, self.pad, strict=True)
        )


def read_geometry(p: Params, axes: int, *, dilated: bool = True) -> Geometry:
    """A convolution_param's window over `axes` spatial axes (src/caffe/layers/base_conv_layer.cpp, LayerSetUp).

    Each of kernel, stride and pad is given once, once per axis, or (two axes only) as an `_h`/`_w` pair whose unset
    half counts as 0. `hole` is DeepLab's and HoleConvolution's older word for dilation, which PoolingND does not have.
    """
    kernel = _per_axis(p, "kernel_size", ("kernel_h", "kernel_w"), axes, None)
    stride = _per_axis(p, "stride", ("stride_h", "stride_w"), axes, 1)
    pad = _per_axis(p, "pad", ("pad_h", "pad_w"), axes, 0)
    word = "hole" if p.has("hole") or p.has("hole_h") or p.has("hole_w") else "dilation"
    dilation = _per_axis(p, word, (f"{word}_h", f"{word}_w"), axes, 1) if dilated else (1,) * axes
    for name, sizes, least in (("kernel_size", kernel, 1), ("stride", stride, 1), ("pad", pad, 0), (word, dilation, 1)):
        if min(sizes, default=least) < least:
            raise p.error(name, f"is {list(sizes)}", f"expected at least {least} along each axis")
    return Geometry(kernel, stride, pad, dilation)


def read_shapes(p: Params, axes: int) -> Geometry:
    """The window of video-caffe's Nd types: kernel_shape, stride_shape, pad_shape, each with one `dim` per axis."""
    names = {"kernel_shape": 0, "stride_shape": 1, "pad_shape": 0}
    sizes = {name: p.message(name).integers("dim") or (default,) * axes for name, default in names.items()}
    for name, given in sizes.items():
        if len(given) != axes or min(given) < (name != "pad_shape"):
            raise p.error(name, f"is {list(given)}", f"expected {axes} sizes, one per spatial axis")
    return Geometry(sizes["kernel_shape"], sizes["stride_shape"], sizes["pad_shape"], (1,) * axes)


def _per_axis(p: Params, name: str, pair: tuple[str, str], axes: int, default: int | None) -> tuple[int, ...]:
    """One value per spatial axis from Caffe's three spellings."""
    given = p.integers(name)
    if any(p.has(half) for half in pair):
        if given:
            raise p.error(name, f"stands beside {' or '.join(pair)}", "use one of the two spellings")
        if axes != 2:
            raise p.error(
                pair[0] if p.has(pair[0]) else pair[1], f"is for 2 spatial axes; there are {axes}", f"use {name}"
            )
        return tuple(p.integer(half, 0) if p.has(half) else 0 for half in pair)
    if not given:
        if default is None:
            raise p.error(name, "is missing", "the layer cannot do without it")
        return (default,) * axes
    if len(given) not in {1, axes}:
        raise p.error(name, f"is given {len(given)} times", f"expected once, or {axes} times (once per spatial axis)")
    return given * axes if len(given) == 1 else given


def read_pair(view: Params, name: str, high: str, wide: str, default: int | None) -> tuple[int, int]:
    """Rows and columns by the either/or rule of pooling layers: the single field, or both halves of the pair.

    Raises:
        UnsupportedParameterError: both spellings, half a pair, or neither where `default` is None.
    """
    if view.has(high) or view.has(wide):
        if view.has(name):
            raise view.error(name, f"stands beside {high} or {wide}", "use one of the two spellings")
        if not (view.has(high) and view.has(wide)):
            raise view.error(high if view.has(high) else wide, "stands alone", f"give both {high} and {wide}")
        return view.integer(high), view.integer(wide)
    if default is None and not view.has(name):
        raise view.error(name, "is missing", "the layer cannot do without it")
    value = view.integer(name, default)
    return value, value


def pooled_size(size: int, kernel: int, stride: int, pad: int, *, ceil: bool, clip: bool) -> int:
    """Output size of pooling along one axis (src/caffe/layers/pooling_layer.cpp, Reshape).

    `clip` (any axis is padded) drops a last window that would start beyond the image and its left padding.
    """
    span = size + 2 * pad - kernel
    if span < 0 and not ceil:
        return 0
    count = (math.ceil(span / stride) if ceil else span // stride) + 1
    if clip and (count - 1) * stride >= size + pad:
        count -= 1
    return max(count, 0)


def canonical_axis(axis: int, rank: int, what: str = "axis") -> int:
    """A possibly negative axis as a position (src/caffe/blob.hpp, CanonicalAxisIndex)."""
    if not -rank <= axis < rank:
        raise ShapeError(f"{what} {axis} of a bottom with {rank} axes; expected {-rank} to {rank - 1}")
    return axis % rank if rank else 0


def element_count(sizes: Sequence[int]) -> int:
    """The product of sizes: how many values a shape holds."""
    return math.prod(sizes)
