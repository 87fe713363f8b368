"""Steps without weights that oneDNN has kernels for: poolings, normalizations, softmax, concatenations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from converter.fast.onednn_library.kernels import Kernels, Step
from converter.fast.onednn_library.windows import window_of
from converter.fast.response_normalization import FastLocalResponseNorm
from converter.modules.combine import Concat

Kernel = Callable[[Kernels, Sequence[Tensor], Tensor], Step]
"""Makes the step from inputs, laid out as kernels want them, to a target."""


def kernel_for(module: nn.Module, inputs: Sequence[Tensor]) -> tuple[Sequence[int], Kernel] | None:
    """The shape of a module's output for inputs of these shapes, and its kernel; None where oneDNN has none."""
    x = inputs[0]
    match module:
        case Concat():
            return _concatenation(module.dim % x.ndim, inputs)
        case nn.Softmax() if module.dim is not None:
            axis = module.dim % x.ndim
            return x.shape, lambda kernels, given, target: kernels.softmax(given[0], axis, target)
        case FastLocalResponseNorm() if x.ndim == 4 and module.size % 2:  # as many channels before each as behind it
            return x.shape, lambda kernels, given, target: kernels.normalization(given[0], module, target)
    window = window_of(module, x) if x.ndim == 4 else None
    if window is None:
        return None
    sizes = window.kernel, window.stride, window.before, window.after
    return window.shape, lambda kernels, given, target: kernels.pooling(given[0], window.kind, sizes, target)


def _concatenation(axis: int, inputs: Sequence[Tensor]) -> tuple[Sequence[int], Kernel]:
    shape = list(inputs[0].shape)
    shape[axis] = sum(part.shape[axis] for part in inputs)
    return shape, lambda kernels, given, target: kernels.concatenation(given, axis, target)
