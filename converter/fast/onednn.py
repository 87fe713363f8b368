"""oneDNN's fused operators as torch 2.13 has them; its only private names that the project uses stand here.

Where a build of torch lacks one, `has_convolution` and `has_linear` say so, and callers take torch's public functions.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

Pair = tuple[int, int]

CONVOLUTION = ("_convolution_pointwise", "_reorder_convolution_weight")
LINEAR = ("_linear_pointwise", "_reorder_linear_weight")
QUANTIZED = ("qconv_prepack", "qconv2d_pointwise")
Bytes = tuple[float, int]
"""Scale and zero point of bytes."""


def has_convolution() -> bool:
    """Whether torch was built with oneDNN's fused convolution."""
    return _has(CONVOLUTION)


def has_linear() -> bool:
    """Whether torch was built with oneDNN's fused matrix product."""
    return _has(LINEAR)


def has_quantized() -> bool:
    """Whether torch was built with oneDNN's convolution of bytes, and the processor sums bytes in 32 bits.

    Without VNNI the kernels sum pairs of products in 16 bits, which saturate.
    """
    built: Any = getattr(torch._C, "_has_mkldnn", False)
    exact: Any = getattr(torch.cpu, "_is_vnni_supported", lambda: False)
    return bool(built and exact()) and all(hasattr(torch.ops.onednn, name) for name in QUANTIZED)


def has_bfloat16() -> bool:
    """Whether this processor computes with bfloat16 in oneDNN."""
    return _has(("_is_mkldnn_bf16_supported",)) and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def convolution(
    x: Tensor, packed: Tensor, bias: Tensor | None, stride: Pair, pad: Pair, dilation: Pair, group: int, relu: bool
) -> Tensor:
    """x: (n, c, h, w) by weights of `pack_convolution`, rectified inside the kernel if asked for."""
    after = "relu" if relu else "none"
    y = torch.ops.mkldnn._convolution_pointwise(x, packed, bias, pad, stride, dilation, group, after, [], "")
    return cast(Tensor, y)


def convolution_sum(
    x: Tensor,
    other: Tensor,
    packed: Tensor,
    bias: Tensor | None,
    stride: Pair,
    pad: Pair,
    dilation: Pair,
    group: int,
    relu: bool,
) -> Tensor:
    """`convolution` plus `other` (n, c', h', w'), then rectified inside the kernel if asked for."""
    after = "relu" if relu else None
    given = (x, other, packed, bias, pad, stride, dilation, group)
    return cast(Tensor, torch.ops.mkldnn._convolution_pointwise.binary(*given, "add", 1.0, after, [], None))


def pack_convolution(weight: Tensor, stride: Pair, pad: Pair, dilation: Pair, group: int, shape: list[int]) -> Tensor:
    """Weights (c_out, c_in / group, kh, kw) as oneDNN's kernels want them for inputs of `shape` (n, c, h, w)."""
    packed = torch.ops.mkldnn._reorder_convolution_weight(weight, pad, stride, dilation, group, shape)
    return cast(Tensor, packed)


def quantized_convolution(
    x: Tensor,
    entry: Bytes,
    packed: Tensor,
    scales: Tensor,
    bias: Tensor | None,
    stride: Pair,
    pad: Pair,
    dilation: Pair,
    group: int,
    out: Bytes | None,
    relu: bool,
) -> Tensor:
    """x: (n, c, h, w) uint8 of `entry`, by weights of `pack_quantized` -> uint8 of `out`, float32 where that is None.

    `scales`, float32, and `bias`, float32, have a number for each output channel.
    """
    zeros = torch.zeros(len(scales), dtype=torch.int64, device=x.device)
    scale, zero = (1.0, 0) if out is None else out
    dtype, after = torch.float32 if out is None else torch.uint8, "relu" if relu else "none"
    given: Any = (x, *entry, packed, scales, zeros, bias, stride, pad, dilation, group, scale, zero, dtype)
    return cast(Tensor, torch.ops.onednn.qconv2d_pointwise(*given, after, [], ""))


def pack_quantized(
    weight: Tensor,
    scales: Tensor,
    entry: Bytes,
    stride: Pair,
    pad: Pair,
    dilation: Pair,
    group: int,
    shape: list[int],
) -> Tensor:
    """Weights (c_out, c_in / group, kh, kw) int8 as the kernels want them for uint8 of `entry` and `shape`."""
    given = (weight, scales, *entry, stride, pad, dilation, group, shape)
    return cast(Tensor, torch.ops.onednn.qconv_prepack(*given))


def quantized_max_pool(x: Tensor, kernel: Pair, stride: Pair, pad: Pair, dilation: Pair, ceil_mode: bool) -> Tensor:
    """The maximum over windows of x (n, c, h, w) uint8."""
    return cast(Tensor, torch.ops.quantized.max_pool2d(x, kernel, stride, pad, dilation, ceil_mode))


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None, relu: bool) -> Tensor:
    """rows: (m, k), weight: (n, k), of `pack_linear` or not -> (m, n), rectified inside the kernel if asked for."""
    return cast(Tensor, torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "relu" if relu else "none", [], ""))


def pack_linear(weight: Tensor, rows: int) -> Tensor:
    """weight: (n, k) as oneDNN's kernels want it for so many rows."""
    return cast(Tensor, torch.ops.mkldnn._reorder_linear_weight(weight, rows))


def _has(names: tuple[str, ...]) -> bool:
    built: Any = getattr(torch._C, "_has_mkldnn", False)
    return bool(built) and all(hasattr(torch.ops.mkldnn, name) for name in names)
