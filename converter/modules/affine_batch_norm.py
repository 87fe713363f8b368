"""NVIDIA's batch normalization: with scale and bias of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.normalization import CaffeBatchNorm2d

_REPLACING_PASSES = 2


class AffineBatchNorm2d(CaffeBatchNorm2d):
    """NVIDIA's BatchNorm: weight * (x - mean) / sqrt(variance + eps) + bias per channel, x: (n, c, ...).

    Parameters weight and bias (c,); buffers running_mean and running_var (c,), the statistics themselves, and
    scale_factor (1,), which stands in files and is not used. In training the batch's statistics normalize, and with
    f = moving_average_fraction the running ones become f * old + (1 - f) * batch's (the biased variance); in the
    module's first two passes in training they become the batch's, whatever was loaded. `use_global_stats`: the running
    ones in training too.
    Source: NVIDIA/caffe, src/caffe/layers/batch_norm_layer.cpp, as on a GPU: on a CPU the layer adds eps to the
    variance that it keeps. Its cuDNN form replaces in the solver's iteration 0 alone and keeps the unbiased variance.

    Attributes:
        training_passes: passes in training so far, counted up to 2; a copy goes on with its own.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        moving_average_fraction: float = 0.999,
        use_global_stats: bool = False,
    ) -> None:
        super().__init__(num_features, eps, moving_average_fraction, use_global_stats)
        self.training_passes = 0
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """The normalized values, of x's shape."""
        x = input if input.ndim > 1 else input[:, None]
        if self.training and not self.use_global_stats:
            self._update_statistics(x)
            y = F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)
        else:
            y = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return y.reshape(input.shape)

    def _update_statistics(self, x: Tensor) -> None:
        """The running statistics after one more batch."""
        with torch.no_grad():
            axes = [axis for axis in range(x.ndim) if axis != 1]
            first = self.training_passes < _REPLACING_PASSES  # the layer's iter_, which no file keeps
            self.training_passes += first
            share = 1 - self.moving_average_fraction
            for running, batch in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, correction=0))):
                assert running is not None
                new = batch.to(running.dtype)
                running.copy_(new if first else self.moving_average_fraction * running + share * new)
