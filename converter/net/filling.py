"""Blobs filled as Caffe's weight fillers fill them, drawn with numpy (include/caffe/filler.hpp)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from converter.errors import ShapeError
from converter.net.fillers import Filler
from converter.net.gabor import gabor_filters, sizes
from converter.net.net import Shape

Array: TypeAlias = npt.NDArray[np.float32]


def fill(filler: Filler, shape: Shape, random: np.random.Generator, *, dilation_fork: bool = False) -> Array:
    """A float32 array of `shape` filled as Caffe would; random fillers match Caffe's distributions, not its streams.

    `dilation_fork`: as fyu/caffe-dilation would, whose `bilinear` is that of 2016 (see `forks.is_dilation_fork`).
    """
    if filler.type == "bilinear" and dilation_fork:
        return np.array(_bilinear_of_2016(shape), dtype=np.float32)
    if filler.type == "matrix":
        return np.diag(np.array(filler.diagonal, np.float32)).reshape(shape)
    return np.array(_FILL[filler.type](filler, shape, random), dtype=np.float32).reshape(shape)


def _constant(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    del random
    return np.full(shape, filler.value, np.float32)


def _uniform(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    return random.uniform(filler.minimum, filler.maximum, shape)


def _gaussian(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    """N(mean, std²); with `sparse` = s each value survives with probability s / shape[0]."""
    if filler.std <= 0 and filler.std_set:
        raise ShapeError(f"gaussian filler with std {filler.std:g}; expected std > 0")
    values = random.normal(filler.mean, filler.std, shape)
    if filler.sparse >= 0:
        rows = shape[0] if shape else 1
        values *= random.random(shape) < filler.sparse / rows
    return values


def _positive_unitball(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    del filler
    rows = random.random((shape[0], -1 if not shape[1:] else int(np.prod(shape[1:]))) if shape else (1, 1))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _fan(filler: Filler, shape: Shape) -> float:
    """How many values a unit reads, feeds, or the mean of both; the first axis counts as outputs whatever the type."""
    count = int(np.prod(shape))
    fan_in = count / shape[0] if shape else 1.0
    fan_out = count / shape[1] if len(shape) > 1 else float(count)
    return {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": (fan_in + fan_out) / 2}[filler.variance_norm]


def _xavier(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    bound = np.sqrt(3.0 / _fan(filler, shape))
    return random.uniform(-bound, bound, shape)


def _msra(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    return random.normal(0.0, np.sqrt(2.0 / _fan(filler, shape)), shape)


def _bilinear(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    """Symmetric tents: with f = ceil(k / 2) the center lies at (k - 1) / 2f of f (include/caffe/filler.hpp)."""
    del filler, random
    factor = _upsampling_factor(shape)
    return _tents(shape, factor, (shape[3] - 1) / (2.0 * factor))


def _bilinear_of_2016(shape: Shape) -> npt.ArrayLike:
    """Tents about (2f - 1 - f mod 2) / 2f: off the middle for kernels of 2, 3, 6, 7, not for 4, 8, 12, 16."""
    factor = _upsampling_factor(shape)
    return _tents(shape, factor, (2 * factor - 1 - factor % 2) / (2.0 * factor))


def _upsampling_factor(shape: Shape) -> int:
    if len(shape) != 4 or shape[2] != shape[3]:
        raise ShapeError(f"bilinear filler on shape {shape}; expected 4 axes with a square kernel")
    return (shape[3] + 1) // 2


def _tents(shape: Shape, factor: int, center: float) -> npt.ArrayLike:
    """The outer product of two tents, the same for every pair of channels."""
    tent = 1 - np.abs(np.arange(shape[3], dtype=np.float32) / np.float32(factor) - np.float32(center))
    return np.broadcast_to(np.outer(tent, tent), shape)


def _identity(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    """Block identity on the center tap: paper, equation 5 (fyu/caffe-dilation, IdentityFiller).

    With G groups over O outputs and I inputs, output o reads input i with weight G/O where both lie in the same group;
    inputs beyond G * (I // G) are not read, which is the filler's own rule.
    """
    if len(shape) != 4:
        raise ShapeError(f"identity filler on shape {shape}; expected 4 axes (outputs, inputs, rows, columns)")
    outputs, inputs, rows, columns = shape
    groups = inputs if filler.num_groups is None else filler.num_groups
    if groups < 1 or outputs < groups or outputs % groups:
        raise ShapeError(f"identity filler with num_groups {groups} on {outputs} outputs; expected a divisor of it")
    weight = np.asarray(_gaussian(filler, shape, random) if filler.std_set else np.zeros(shape), dtype=np.float32)
    value = np.float32(groups / outputs)
    if filler.value_set:
        value = np.float32(value * np.float32(filler.value))
    outs, ins = outputs // groups, inputs // groups
    for group in range(groups):
        block = weight[group * outs : (group + 1) * outs, group * ins : (group + 1) * ins]
        block[:, :, rows // 2, columns // 2] = value
    return weight


def _diagonal(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    """Output n reads input n alone, evenly over the kernel, with sum `diag_val[n]`, 1 where there is none."""
    del random
    if len(shape) != 4:
        raise ShapeError(f"diagonal filler on shape {shape}; expected 4 axes (outputs, inputs, rows, columns)")
    weight = np.zeros(shape, np.float32)
    for n in range(min(shape[:2])):
        value = np.float32(filler.diagonal[n] if n < len(filler.diagonal) else 1)
        weight[n, n] = value / np.float32(shape[2] * shape[3])
    return weight


def _gabor(filler: Filler, shape: Shape, random: np.random.Generator) -> npt.ArrayLike:
    """Intel's filters of color images, made for four sizes alone; no field of the filler counts."""
    del filler, random
    outputs, inputs, rows, columns = shape if len(shape) == 4 else (0, 0, 0, 0)
    filters = gabor_filters(outputs, rows) if inputs == 3 and rows == columns else None
    if filters is None:
        raise ShapeError(f"gabor filler on shape {shape}; expected 3 inputs and filters of {', '.join(sizes())}")
    return filters


_FILL: Final[dict[str, Callable[[Filler, Shape, np.random.Generator], npt.ArrayLike]]] = {
    "constant": _constant,
    "uniform": _uniform,
    "gaussian": _gaussian,
    "positive_unitball": _positive_unitball,
    "xavier": _xavier,
    "msra": _msra,
    "bilinear": _bilinear,
    "identity": _identity,
    "diagonal": _diagonal,
    "gabor": _gabor,
}
