"""Normalization as Caffe and its forks define it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class CaffeBatchNorm2d(nn.BatchNorm2d):
    """(x - mean) / sqrt(variance + eps) per channel, x: (n, c, ...) of any number of axes, without an affine part.

    Buffers: running_mean and running_var (c,), and scale_factor (1,), the weight of the statistics in Caffe's running
    sums: its blobs are running_mean * scale_factor and running_var * scale_factor. In training the batch's own biased
    variance normalizes, and with f = moving_average_fraction and s' = f s + 1 the statistics move towards the batch's
    mean and unbiased variance by 1 / s'. `use_global_stats` True or False stands over the module's training mode.
    Source: src/caffe/layers/batch_norm_layer.cpp.

        >>> CaffeBatchNorm2d(3).eval()(torch.zeros(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """

    scale_factor: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        moving_average_fraction: float = 0.999,
        use_global_stats: bool | None = None,
    ) -> None:
        super().__init__(num_features, eps, momentum=None, affine=False)
        self.moving_average_fraction, self.use_global_stats = moving_average_fraction, use_global_stats
        self.num_batches_tracked = None
        self.register_buffer("scale_factor", torch.zeros(1))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """The normalized values, of x's shape."""
        x = input if input.ndim > 1 else input[:, None]
        use_global = not self.training if self.use_global_stats is None else self.use_global_stats
        if not use_global:
            self._update_statistics(x)
            y = F.batch_norm(x, None, None, training=True, eps=self.eps)
        else:
            y = F.batch_norm(x, self.running_mean, self.running_var, eps=self.eps)
        return y.reshape(input.shape)

    def _update_statistics(self, x: Tensor) -> None:
        """The running statistics after one more batch."""
        with torch.no_grad():
            axes = [axis for axis in range(x.ndim) if axis != 1]
            count = x.numel() // x.shape[1]
            self.scale_factor.mul_(self.moving_average_fraction).add_(1)
            variance = x.var(axes, correction=1 if count > 1 else 0)
            for running, batch in ((self.running_mean, x.mean(axes)), (self.running_var, variance)):
                assert running is not None
                running.add_((batch.to(running.dtype) - running) / self.scale_factor)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - torch's name
        """Any number of axes."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """As any module: torch's batch norm would add a count of batches that Caffe does not keep."""
        nn.Module._load_from_state_dict(self, state_dict, prefix, *rest)

    def extra_repr(self) -> str:
        """Sizes and constants."""
        fraction = f"moving_average_fraction={self.moving_average_fraction:g}"
        return f"{self.num_features}, eps={self.eps:g}, {fraction}, use_global_stats={self.use_global_stats}"


class ScaledBatchNorm2d(CaffeBatchNorm2d):
    """PSPNet's BN: weight * (x - mean) / sqrt(variance + eps) + bias per channel, x: (n, c, h, w).

    In training the batch's statistics normalize, and the running ones become momentum * old + (1 - momentum) * batch's
    (the biased variance). weight and bias: (1, c, 1, 1), as in Caffe. `frozen`: the running ones always, and no
    gradient for any parameter. `averages` False: the batch's statistics in evaluation too.
    Source: yjxiong/caffe and hszhao/PSPNet, src/caffe/layers/bn_layer.cpp.
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.9, frozen: bool = False, averages: bool = True
    ) -> None:
        super().__init__(num_features, eps)
        del self.scale_factor
        self.momentum: float = momentum  # the share of the old statistics, not, as torch's, of the batch's
        self.frozen, self.averages = frozen, averages
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """The normalized values, of x's shape."""
        frozen = self.frozen
        weight, bias = ((value.detach() if frozen else value).flatten() for value in (self.weight, self.bias))
        if self.frozen or (not self.training and self.averages):
            return F.batch_norm(input, self.running_mean, self.running_var, weight, bias, eps=self.eps)
        if self.training:
            self._update_statistics(input)
        return F.batch_norm(input, None, None, weight, bias, training=True, eps=self.eps)

    def _update_statistics(self, x: Tensor) -> None:
        with torch.no_grad():
            axes = [axis for axis in range(x.ndim) if axis != 1]
            for running, batch in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, correction=0))):
                assert running is not None
                running.mul_(self.momentum).add_(batch.to(running.dtype), alpha=1 - self.momentum)

    def extra_repr(self) -> str:
        """Sizes and constants."""
        return f"{self.num_features}, eps={self.eps:g}, momentum={self.momentum:g}, frozen={self.frozen}"


class BatchStatisticsNorm2d(nn.Module):
    """SegNet's BN: weight * (x - mean) / sqrt(variance + 1e-9) + bias by the batch's own statistics, in both modes.

    With `statistics` it gives the mean and the biased variance too, (1, c, 1, 1) each. `folded`: weight * x + bias, the
    statistics having been folded into both. Source: alexgkendall/caffe-segnet, src/caffe/layers/bn_layer.cpp.
    """

    def __init__(self, num_features: int, folded: bool = False, statistics: int = 0, eps: float = 1e-9) -> None:
        super().__init__()
        self.num_features, self.folded, self.statistics, self.eps = num_features, folded, statistics, eps
        self.weight = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, num_features, 1, 1))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The normalized values, of x's shape, and the statistics where they are asked for."""
        shape = (1, -1, *[1] * (x.ndim - 2))
        weight, bias = self.weight.reshape(shape), self.bias.reshape(shape)
        if self.folded:
            y, found = weight * x + bias, [weight.new_zeros(1, x.shape[1], 1, 1)] * 2
        else:
            axes = [axis for axis in range(x.ndim) if axis != 1]
            mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
            y = (x - mean) * (weight / (variance + self.eps).sqrt()) + bias
            found = [value.reshape(1, -1, 1, 1) for value in (mean, variance)]
        return (y, *found[: self.statistics]) if self.statistics else y

    def extra_repr(self) -> str:
        """Size and form."""
        return f"{self.num_features}, folded={self.folded}, statistics={self.statistics}"


class MeanVarianceNorm(nn.Module):
    """(x - mean) / (deviation + eps) per plane of x: (n, c, ...), or per item with `across_channels`.

    The deviation is the biased one; without `variance` only the mean is taken off. Caffe's gradient treats
    deviation + eps as the deviation itself, which keeps it finite on constant planes; so does this one.
    Source: src/caffe/layers/mvn_layer.cpp.

        >>> MeanVarianceNorm()(torch.ones(1, 1, 2, 2)).abs().max()
        tensor(0.)
    """

    def __init__(self, variance: bool = True, across_channels: bool = False, eps: float = 1e-9) -> None:
        super().__init__()
        self.variance, self.across_channels, self.eps = variance, across_channels, eps

    def forward(self, x: Tensor) -> Tensor:
        """The normalized values, of x's shape."""
        planes = x.flatten(2) if x.ndim > 2 else x[..., None]
        if self.across_channels and x.ndim > 1:
            planes = x.flatten(1)[:, None]
        centered = planes - planes.mean(-1, keepdim=True)
        if self.variance:
            fixed = centered.detach()
            deviation = (fixed * fixed).mean(-1, keepdim=True).sqrt() + self.eps
            # Worth 0, but its gradient is that of the deviation.
            slope = (fixed / deviation * (centered - fixed)).mean(-1, keepdim=True)
            centered = centered / (deviation + slope)
        return centered.reshape(x.shape)

    def extra_repr(self) -> str:
        """The options."""
        return f"variance={self.variance}, across_channels={self.across_channels}, eps={self.eps:g}"


class L2Norm(nn.Module):
    """SSD's Normalize: x / sqrt(sum of x² + eps) * weight, x: (n, c, h, w).

    The sum runs over the channels of each position, or with `across_spatial` over a whole image (where eps is added
    once, to the sum). weight: () or (c,). With a factor for each channel SSD's gradient for x is the norm's own times
    the factor, which is not the true derivative; nets were trained with it, so it is kept.
    Source: SSD's src/caffe/layers/normalize_layer.cpp (arXiv:1506.04579).
    """

    def __init__(self, num_features: int | None = None, across_spatial: bool = True, eps: float = 1e-10) -> None:
        super().__init__()
        self.num_features, self.across_spatial, self.eps = num_features, across_spatial, eps
        self.weight = nn.Parameter(torch.ones(() if num_features is None else (num_features,)))

    def forward(self, x: Tensor) -> Tensor:
        """The normalized values, of x's shape."""
        if self.weight.ndim == 0:
            return self._unit(x) * self.weight
        weight = self.weight.reshape(-1, *[1] * (x.ndim - 2))
        unit = self._unit(x.detach() + weight.detach() * (x - x.detach()))
        return unit.detach() * weight + (unit - unit.detach())

    def _unit(self, x: Tensor) -> Tensor:
        axes = list(range(1, x.ndim)) if self.across_spatial else [1]
        return x / (x.square().sum(axes, keepdim=True) + self.eps).sqrt()

    def extra_repr(self) -> str:
        """The options."""
        return f"across_spatial={self.across_spatial}, eps={self.eps:g}"


class SpatialResponseNorm(nn.Module):
    """x * (1 + alpha * mean of x² over a square of side `size` in the plane)^-beta, zeros outside; x: (n, c, h, w).

    Source: src/caffe/layers/lrn_layer.cpp, WITHIN_CHANNEL, which takes k as 1 whatever is set.

        >>> SpatialResponseNorm(3)(torch.zeros(1, 2, 4, 4)).shape
        torch.Size([1, 2, 4, 4])
    """

    def __init__(self, size: int, alpha: float = 1.0, beta: float = 0.75) -> None:
        super().__init__()
        self.size, self.alpha, self.beta = size, alpha, beta

    def forward(self, x: Tensor) -> Tensor:
        """The normalized values, of x's shape."""
        mean = F.avg_pool2d(x * x, self.size, 1, self.size // 2)
        return x * (1 + self.alpha * mean) ** -self.beta

    def extra_repr(self) -> str:
        """The constants."""
        return f"{self.size}, alpha={self.alpha:g}, beta={self.beta:g}"
