"""The stages' loss: softmax cross-entropy averaged over the pixels that count, over all processes together.

Source: src/caffe/layers/softmax_loss_layer.cpp, normalization VALID, ignore_label 255 (fyu/dilation, network.py).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

IGNORED = 255


def summed_loss(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The loss summed over the pixels that count, and their number.

    logits: (n, classes, h, w) of any float type, labels: (n, h, w) int64, 255 not counted → two scalars, float32.
    """
    total = F.cross_entropy(logits.float(), labels, ignore_index=IGNORED, reduction="sum")
    return total, (labels != IGNORED).sum().to(torch.float32)


def valid_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss as Caffe has it on one machine: the sum over max(1, number); 0 where nothing counts."""
    total, count = summed_loss(logits, labels)
    return total / count.clamp(min=1)
