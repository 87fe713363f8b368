"""BatchNorm: normalization by batch or by running statistics; BVLC's without an affine part, NVIDIA's with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Array, Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

T = TypeVar("T")

_AFFINE_BLOBS = 5
_LEAST_EPS = 1e-5  # CUDNN_BN_MIN_EPSILON


@layer("BatchNorm")
class BatchNorm(Operator):
    """(x - mean) / sqrt(variance + eps) per channel (axis 1), x: (n, c, ...), and in NVIDIA's form * scale + bias.

    BVLC's blobs: sums of means (c,) and of variances (c,), and the scale (1,) that divides both; a scale of 0 stands
    for no statistics, mean and variance 0. With `use_global_stats` (default: when the module is not training) these are
    used; otherwise the batch's own biased variance normalizes, and the blobs decay by moving_average_fraction and take
    in the batch's mean and unbiased variance. Source: src/caffe/layers/batch_norm_layer.cpp.

    NVIDIA's has five blobs, with `scale_bias`, a scale_filler or a bias_filler, or where the weights hold five: mean
    and variance, used as stored, a single number without use, scale and bias (c,). Its eps is at least 1e-5, and in
    phase TEST it always uses the stored statistics; lr_mult and decay_mult are 0 for the first three and 1 for the last
    two, whatever the file states. Snapshots of older DIGITS hold scale, bias, mean, variance, number. Intel's `filler`,
    where no Scale layer is behind to which it is moved, is a scale_filler, as its engines have it.
    Source: NVIDIA/caffe, src/caffe/layers/batch_norm_layer.cpp; intel/caffe,
    src/caffe/layers/mkldnn_batch_norm_layer.cpp.
    """

    blob_names = ("running_mean", "running_var", "scale_factor", "weight", "bias")
    legacy_blob_names = ("mean", "variance", "scale_factor", "weight", "bias")
    flat_blobs = True
    fixed_blobs = 3

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
        scale = "filler" if view.has("filler") else "scale_filler"
        fillers = [view.message(name) if view.has(name) else None for name in (scale, "bias_filler")]
        stated = view.flag("scale_bias", False)
        self.refuses_rates = not (stated or any(fillers))
        self.affine = not self.refuses_rates or p.stored_blobs == _AFFINE_BLOBS
        if self.affine:
            self.eps = max(self.eps, _LEAST_EPS)
            self.own_rates = () if view.has("filler") else (0.0, 0.0, 0.0, 1.0, 1.0)
            for filler, value in zip(fillers, (1.0, 0.0), strict=True):
                self.add_blob((channels,), filler, default=Filler(value=value))

    def module(self) -> nn.Module:
        """AffineBatchNorm2d with NVIDIA's five blobs, else CaffeBatchNorm2d."""
        from converter.modules import affine_batch_norm, normalization

        if self.affine:
            channels, fixed = self.blobs[0].shape[0], bool(self.use_global_stats)
            return affine_batch_norm.AffineBatchNorm2d(channels, self.eps, self.fraction, fixed)
        return normalization.CaffeBatchNorm2d(self.blobs[0].shape[0], self.eps, self.fraction, self.use_global_stats)

    @classmethod
    def file_order(cls, shapes: Shapes) -> Sequence[int]:
        """Today's order of five blobs; older DIGITS' end with the single number. One channel alone does not tell."""
        sizes = [element_count(shape) for shape in shapes]
        older = len(sizes) == _AFFINE_BLOBS and sizes[-1] == 1 < sizes[2]
        return (2, 3, 4, 0, 1) if older else range(len(sizes))

    @classmethod
    def state_of(cls, blobs: Sequence[Array]) -> list[Array]:
        """Mean and variance divided by the scale factor, and the factor; a factor of 0 gives zeros. Five as they are.

        Numbers that are not finite stay so, so that a check for them finds them.

        Raises:
            ValueError: other blobs than two of one shape, a single number, and two of that shape or none.
        """
        import numpy as np

        _check_shapes(blobs)
        if len(blobs) == _AFFINE_BLOBS:
            return list(blobs)
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
        import numpy as np

        _check_shapes(state)
        if len(state) == _AFFINE_BLOBS:
            return list(state)
        mean, variance, factor = state
        with np.errstate(over="ignore", invalid="ignore"):
            return [mean * factor, variance * factor, factor]  # type: ignore[operator]


def _check_shapes(values: Sequence[Any]) -> None:
    """Refuse values that NumPy would broadcast into numbers that mean nothing."""
    shapes = [tuple(value.shape) for value in values]
    per_channel = {*shapes[:2], *shapes[3:]}
    if len(shapes) not in (3, _AFFINE_BLOBS) or len(per_channel) != 1 or shapes[2] not in ((1,), ()):
        raise ValueError("expected mean and variance of one shape, a factor of shape 1, and perhaps scale and bias")
