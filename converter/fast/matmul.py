"""Matrix products on the CPU by the quickest of three libraries.

On AMD's processors torch's library (MKL) falls behind others. Without AVX-512 numpy's (OpenBLAS) is the quicker one: on
two AVX2 cores 79 against 42 GFLOP/s where sums are a few dozen numbers long, as in a transform, 151 against 122 where
they are 4096; batches go as fast in either. With AVX-512 MKL and OpenBLAS reach 190 GFLOP/s, oneDNN 360 to 450. Numpy's
library keeps threads of its own, which wait for more work on the cores that torch's need; unless they are told to
sleep, taking turns costs more than it gains.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from converter.fast import onednn
from converter.fast.workers import run_in_parallel
from converter.pytorch.process_settings import threads_make_room

_FRESH = 1 << 24
"""Bytes of a product that oneDNN makes at a time."""

Product: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(a, b, out): write a @ b, of float32 matrices or batches of them, to `out`, which is also the result.

Where `multiplies_bfloat16`, a product with a transposed factor takes factors, or gives results, in bfloat16 too.
"""


@dataclass(frozen=True, slots=True)
class Products:
    """The three products of a transformed convolution, each by the library that is quickest at it."""

    flat: Product
    """(m, k) @ (k, n), for short sums over long rows."""
    kernel: Product
    """(m, k) @ (n, k) transposed, where n is large: a transform of kernels as they are stored."""
    planes: Product
    """(p, m, k) @ (p, n, k) transposed, matrix by matrix: sums over channels."""


def products_on(device: str) -> Products:
    """The products to use on a kind of device, found early: torch's compiler cannot look at files."""
    if _multiplies_by_onednn(device):
        return Products(_torch_matmul, _onednn_rows, _onednn_planes)
    if not numpy_is_quicker(device):
        return Products(_torch_matmul, _with_transposed(_torch_matmul), _with_transposed(_torch_matmul))
    return Products(_numpy_matmul, _with_transposed(_numpy_matmul), _with_transposed(_torch_matmul))


def multiplies_bfloat16(device: str) -> bool:
    """Whether products by planes on a kind of device are quicker where their factors are bfloat16."""
    return _multiplies_by_onednn(device) and onednn.has_bfloat16()


def _multiplies_by_onednn(device: str) -> bool:
    return device == "cpu" and has_avx512() and onednn.has_linear()


def matmul_on(device: str) -> Product:
    """The quicker product of two matrices on a kind of device."""
    return _numpy_matmul if numpy_is_quicker(device) else _torch_matmul


def _torch_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    return torch.matmul(a, b, out=out)


def _numpy_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    np.matmul(a.detach().numpy(), b.detach().numpy(), out=out.numpy())
    return out


def _with_transposed(product: Product) -> Product:
    """The product with its second factor transposed."""
    return lambda a, b, out: product(a, b.transpose(-1, -2), out)


def _onednn_rows(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    """A few thousand rows of b at a time: a fresh result beyond 32 MB costs more in page faults than its sums do."""
    if torch.compiler.is_compiling():
        return out.copy_(torch.matmul(a, b.t()))
    step = max(1, _FRESH // (4 * len(a)))
    for first in range(0, len(b), step):
        part = slice(first, first + step)
        out[:, part] = onednn.linear(a, b[part], None, False)
    return out


def _onednn_planes(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    if torch.compiler.is_compiling():
        return out.copy_(torch.bmm(a, b.transpose(1, 2)))

    def multiply(index: int, count: int) -> None:
        for plane in range(index, len(a), count):
            out[plane].copy_(onednn.linear(a[plane], b[plane], None, False))

    run_in_parallel(multiply)
    return out


@cache
def has_avx512() -> bool:
    """Whether torch's own kernels use AVX-512 on this processor."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


@cache
def numpy_is_quicker(device: str) -> bool:
    """Whether products on this kind of device are numpy's to take."""
    mkl = bool(torch.backends.mkl.is_available())  # type: ignore[no-untyped-call]
    return device == "cpu" and mkl and _is_amd() and _numpy_shares_cores()


def numpy_beats_onednn() -> bool:
    """Whether numpy's product of long sums is quicker than oneDNN's too, which, unlike MKL, uses AVX-512 on AMD."""
    return numpy_is_quicker("cpu") and not has_avx512()


def _is_amd() -> bool:
    """Whether the processor is AMD's, whose best kernels in MKL are those of an older Intel."""
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return "AuthenticAMD" in platform.processor()


def _numpy_shares_cores() -> bool:
    """Whether numpy was built with OpenBLAS, and its threads and torch's make room for each other."""
    built = cast("dict[str, Any]", np.show_config(mode="dicts"))
    blas = built.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    return "openblas" in blas and threads_make_room()
