"""Sizes of sliding windows: kernel, stride, pad and dilation of convolutions, and of poolings, as Caffe reads them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reference.layer import Layer
from reference.params import Params


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window, one entry a spatial axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]

    def reach(self) -> tuple[int, ...]:
        """Input positions that one window spans on each axis: d (k - 1) + 1."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))


def _per_axis(
    params: Params, name: str, pair: tuple[str, str] | None, axes: int, default: int | None
) -> tuple[int, ...]:
    given = params.integers(name)
    if pair and any(params.has(one) for one in pair):
        if given or axes != 2:
            raise params.error(f"{name} goes with {' and '.join(pair)} neither here nor for {axes} spatial axes")
        return tuple(params.integer(one) if params.has(one) else 0 for one in pair)
    if not given and default is None:
        raise params.error(f"{name} is missing; it has no default, so it must be set")
    if not given:
        return (default or 0,) * axes
    if len(given) not in (1, axes):
        raise params.error(f"{name} is given {len(given)} times; expected once or {axes} times, one a spatial axis")
    return tuple(given * axes if len(given) == 1 else given)


def convolution_window(layer: Layer, axes: int) -> Window:
    """The window of a convolution_param over that many spatial axes (src/caffe/layers/base_conv_layer.cpp).

    `hole` (DeepLab's fork) is an older word for dilation. Raises LayerError where the fields contradict each other.
    """
    params = layer.params("convolution_param")
    holes = params.has("hole") or params.has("hole_h") or params.has("hole_w")
    word, pair = ("hole", ("hole_h", "hole_w")) if holes else ("dilation", None)
    window = Window(
        _per_axis(params, "kernel_size", ("kernel_h", "kernel_w"), axes, None),
        _per_axis(params, "stride", ("stride_h", "stride_w"), axes, 1),
        _per_axis(params, "pad", ("pad_h", "pad_w"), axes, 0),
        _per_axis(params, word, pair, axes, 1),
    )
    if min(window.kernel + window.stride + window.dilation, default=1) < 1 or min(window.pad, default=0) < 0:
        raise layer.error(f"kernel, stride and dilation must be positive, pad not negative; they are {window}")
    return window


def conv_output_size(window: Window, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Output sizes of a convolution: (i + 2p - reach) / s + 1, the quotient rounded towards zero, as C++ does."""
    rows = zip(sizes, window.pad, window.reach(), window.stride, strict=True)
    return tuple(math.trunc((size + 2 * pad - reach) / stride) + 1 for size, pad, reach, stride in rows)


def pooling_pair(params: Params, name: str, pair: tuple[str, str], default: int | None) -> tuple[int, int]:
    """Rows and columns of a pooling layer: one field for both, or the pair; 0 where a field without a default is unset.

    Raises LayerError where both spellings stand, or half a pair.
    """
    both = [params.has(one) for one in pair]
    if params.has(name) and any(both):
        raise params.error(f"sets {name} and {' or '.join(pair)}; Caffe takes one of the two")
    if all(both):
        return params.integer(pair[0]), params.integer(pair[1])
    if any(both):
        raise params.error(f"sets one of {' and '.join(pair)}; Caffe wants both")
    value = params.integer(name) if default is None or params.has(name) else default
    return value, value


def pooling_window(layer: Layer, sizes: tuple[int, ...]) -> Window:
    """The window of a pooling_param over a plane of `sizes` (h, w) (src/caffe/layers/pooling_layer.cpp)."""
    params = layer.params("pooling_param")
    if params.flag("global_pooling"):
        if any(params.has(name) for name in ("kernel_size", "kernel_h", "kernel_w")):
            raise layer.error("sets global_pooling and a kernel; the kernel of global pooling is the plane")
        kernel = (sizes[0], sizes[1])
    else:
        kernel = pooling_pair(params, "kernel_size", ("kernel_h", "kernel_w"), None)
    stride = pooling_pair(params, "stride", ("stride_h", "stride_w"), 1)
    pad = pooling_pair(params, "pad", ("pad_h", "pad_w"), 0)
    if params.flag("global_pooling") and (stride != (1, 1) or pad != (0, 0)):
        raise layer.error(f"global pooling has stride 1 and pad 0; they are {stride} and {pad}")
    if min(kernel + stride) < 1 or min(pad) < 0:
        raise layer.error(f"kernel and stride must be positive, pad not negative; they are {kernel}, {stride}, {pad}")
    if any(p and p >= k for p, k in zip(pad, kernel, strict=True)):
        raise layer.error(f"pad {pad} reaches past the kernel {kernel}; a pad must be smaller than its kernel")
    return Window(kernel, stride, pad, (1, 1))


def pooled_size(window: Window, sizes: tuple[int, ...], *, ceil: bool = True) -> tuple[int, ...]:
    """Output sizes of a pooling; the quotient is a float32, as in Caffe, before it is rounded up (or down).

    With any padding, a last window that would start in the padding behind the plane is dropped.
    """
    outputs = []
    for size, kernel, stride, pad in zip(sizes, window.kernel, window.stride, window.pad, strict=True):
        quotient = np.float32(size + 2 * pad - kernel) / np.float32(stride)
        output = int(np.ceil(quotient) if ceil else np.floor(quotient)) + 1
        if any(window.pad) and (output - 1) * stride >= size + pad:
            output -= 1
        outputs.append(output)
    return tuple(outputs)
