"""Matrix products on the CPU by the quicker of two libraries.

On AMD's processors torch's library (MKL) falls behind numpy's (OpenBLAS): on two AVX2 cores 42 against 79 GFLOP/s where
sums are a few dozen numbers long, as in a transform, 122 against 151 where they are 4096. Batches go as fast in either,
unless there is AVX-512: MKL reaches half of a convolution's rate there (210 of 423 GFLOP/s). But each library keeps
threads of its own, which wait for more work on the cores that the other's need; unless they are told to sleep, taking
turns costs more than it gains.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from converter.pytorch.process_settings import threads_make_room

Product: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(a, b, out): write a @ b, of float32 matrices or batches of them, to `out`, which is also the result."""


def matmul_on(device: str) -> Product:
    """The product to use on a kind of device, found early: torch's compiler cannot look at files."""
    if not numpy_is_quicker(device):
        return _torchs
    return _numpy_matmul if has_avx512() else _numpys_but_for_batches


def _torchs(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    return torch.matmul(a, b, out=out)


def _numpy_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    np.matmul(a.detach().numpy(), b.detach().numpy(), out=out.numpy())
    return out


def _numpys_but_for_batches(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    return _torchs(a, b, out) if a.ndim > 2 else _numpy_matmul(a, b, out)


@cache
def has_avx512() -> bool:
    """Whether torch's own kernels use AVX-512 on this processor."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


@cache
def numpy_is_quicker(device: str) -> bool:
    """Whether products on this kind of device are numpy's to take."""
    mkl = bool(torch.backends.mkl.is_available())  # type: ignore[no-untyped-call]
    return device == "cpu" and mkl and _is_amd() and _numpy_can()


def numpy_beats_onednn() -> bool:
    """Whether numpy's product of long sums is quicker than oneDNN's too, which, unlike MKL, uses AVX-512 on AMD."""
    return numpy_is_quicker("cpu") and not has_avx512()


def _is_amd() -> bool:
    """Whether the processor is AMD's, whose best kernels in MKL are those of an older Intel."""
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return "AuthenticAMD" in platform.processor()


def _numpy_can() -> bool:
    """Whether numpy was built with OpenBLAS, and its threads and torch's make room for each other."""
    built = cast("dict[str, Any]", np.show_config(mode="dicts"))
    blas = built.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    return "openblas" in blas and threads_make_room()
