"""BatchNorm: normalisation by batch or by running statistics, without an affine part (that is Scale)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("BatchNorm")
class BatchNorm(Operator):
    """(x - mean) / sqrt(variance + eps) per channel (axis 1), x: (n, c, ...).

    Blobs: sums of means (c,) and of variances (c,), and the scale (1,) that divides both; a scale of 0 stands for no
    statistics, mean and variance 0. With `use_global_stats` (default: when the module is not training) these are used;
    otherwise the batch's own biased variance normalises, and the blobs decay by moving_average_fraction and take in
    the batch's mean and unbiased variance. Source: src/caffe/layers/batch_norm_layer.cpp.
    """

    blob_names = ("mean", "variance", "scale_factor")

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

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        x = call.bottoms[0]
        use_global = not call.training if self.use_global_stats is None else self.use_global_stats
        if use_global:
            mean, variance = self._running(call.blobs)
        else:
            folded = x if x.ndim > 1 else x[:, None]
            axes = [axis for axis in range(folded.ndim) if axis != 1]
            mean = folded.mean(axes)
            variance = folded.var(axes, unbiased=False)
            self._update(call.blobs, mean, variance, x.numel() // mean.numel())
        shape = (1, -1, *[1] * (x.ndim - 2)) if x.ndim > 1 else (-1,)
        return [(x - mean.reshape(shape)) / (variance.reshape(shape) + self.eps).sqrt()]

    @staticmethod
    def _running(blobs: list[Tensor]) -> tuple[Tensor, Tensor]:
        mean, variance, scale = blobs
        factor = torch.where(scale == 0, torch.zeros_like(scale), 1 / scale)
        return mean * factor, variance * factor

    def _update(self, blobs: list[Tensor], mean: Tensor, variance: Tensor, count: int) -> None:
        """The running sums after one more batch of `count` values a channel."""
        bias = count / (count - 1) if count > 1 else 1.0
        with torch.no_grad():
            blobs[0].mul_(self.fraction).add_(mean)
            blobs[1].mul_(self.fraction).add_(variance, alpha=bias)
            blobs[2].mul_(self.fraction).add_(1)
