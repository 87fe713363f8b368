"""BatchNorm: normalisation by batch or by running statistics, without an affine part (that is Scale)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from converter.errors import ShapeError
from converter.layers.layer import Array, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")


@layer("BatchNorm")
class BatchNorm(Operator):
    """(x - mean) / sqrt(variance + eps) per channel (axis 1), x: (n, c, ...).

    Blobs: sums of means (c,) and of variances (c,), and the scale (1,) that divides both; a scale of 0 stands for no
    statistics, mean and variance 0. With `use_global_stats` (default: when the module is not training) these are used;
    otherwise the batch's own biased variance normalizes, and the blobs decay by moving_average_fraction and take in
    the batch's mean and unbiased variance. Source: src/caffe/layers/batch_norm_layer.cpp.
    """

    blob_names = ("running_mean", "running_var", "scale_factor")
    legacy_blob_names = ("mean", "variance", "scale_factor")

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the constants and list the statistics."""
        self.expect_bottoms(bottoms, 1)
        if not bottoms[0]:
            raise ShapeError("bottom without axes; expected at least one")
        view = p.message("batch_norm_param")
        self.use_global_stats = view.flag("use_global_stats") if view.has("use_global_stats") else None
        self.fraction = view.number("moving_average_fraction")
        self.eps = view.number("eps")
        channels = bottoms[0][1] if len(bottoms[0]) > 1 else 1
        for shape in ((channels,), (channels,), (1,)):
            self.add_blob(shape, trained=False)

    def module(self) -> nn.Module:
        """CaffeBatchNorm2d."""
        from converter.modules import normalization

        return normalization.CaffeBatchNorm2d(self.blobs[0].shape[0], self.eps, self.fraction, self.use_global_stats)

    @classmethod
    def state_of(cls, blobs: Sequence[Array]) -> list[Array]:
        """Mean and variance divided by the scale factor, and the factor; a factor of 0 gives zeros.

        Numbers that are not finite stay so, so that a check for them finds them.

        Raises:
            ValueError: other blobs than two of one shape and a single number.
        """
        _check_shapes(blobs)
        *sums, factor = blobs
        if not factor.any():
            return [np.where(np.isfinite(total), np.zeros_like(total), total) for total in sums] + [factor]
        with np.errstate(over="ignore", invalid="ignore"):
            return [total / factor.reshape(()) for total in sums] + [factor]

    @classmethod
    def blobs_of(cls, state: Sequence[T]) -> list[T]:
        """Caffe's sums: the statistics times the factor.

        Raises:
            ValueError: as `state_of`.
        """
        _check_shapes(state)
        mean, variance, factor = state
        with np.errstate(over="ignore", invalid="ignore"):
            return [mean * factor, variance * factor, factor]  # type: ignore[operator]


def _check_shapes(values: Sequence[Any]) -> None:
    """Refuse values that NumPy would broadcast into numbers that mean nothing."""
    shapes = [tuple(value.shape) for value in values]
    if len(shapes) != 3 or shapes[0] != shapes[1] or shapes[2] not in ((1,), ()):
        raise ValueError("expected mean and variance of one shape, and a scale factor of shape 1")
