"""Dropout as forks scale and sample it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class UnscaledDropout(nn.Module):
    """Dropout that leaves what it keeps as it is in training, and multiplies by 1 - p otherwise; x of any shape.

    Source: rbgirshick/caffe-fast-rcnn, src/caffe/layers/dropout_layer.cpp, scale_train false.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Kept values, or all by what is kept on average."""
        return F.dropout(x, self.p, self.training) * (1 - self.p)

    def extra_repr(self) -> str:
        """The share that is dropped."""
        return f"p={self.p:g}"


class SampledDropout(nn.Module):
    """Dropout that draws in evaluation too, for Monte Carlo estimates of uncertainty; x of any shape.

    Source: alexgkendall/caffe-segnet, src/caffe/layers/dropout_layer.cpp, sample_weights_test (arXiv:1511.02680).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Each value kept with probability 1 - p and scaled by 1 / (1 - p)."""
        return F.dropout(x, self.p, True)

    def extra_repr(self) -> str:
        """The share that is dropped."""
        return f"p={self.p:g}"
