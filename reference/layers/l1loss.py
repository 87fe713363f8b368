"""L1Loss: the sum of absolute differences over the number of items (NVIDIA's fork), or FlowNet's end-point errors.

FlowNet's form has one bottom or sets l1_loss_param: NaN counts as 0; with l2_per_location a position's term is
sqrt(sum of squares over the channels + epsilon); errors below the plateau count as 0.
Source: src/caffe/layers/l1_loss_layer.cpp of NVIDIA/caffe; l1loss_layer.cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import known_difference

TYPE = "L1Loss"
MESSAGES = ("loss_param", "l1_loss_param")
SUMS = True
FIELDS = """
l1_loss_param: l2_per_location 0 bool = false; l2_prescale_by_channels 0 bool = false; normalize_by_num_entries 0 bool = false; epsilon 0 float = 1e-2; plateau 0 float = 0
"""  # noqa: E501 (one line a message)


def _flow_loss(layer: Layer, bottoms: list[Array]) -> Array:
    params = layer.params("l1_loss_param")
    error, divisor = known_difference(layer, bottoms, params.flag("normalize_by_num_entries"))
    plateau = np.float32(params.real("plateau"))
    if not params.flag("l2_per_location"):
        size = np.abs(error)
        return np.asarray(np.where(size < plateau, 0, size).sum() / divisor)
    squares = (error**2).sum(axis=1)
    if params.flag("l2_prescale_by_channels"):
        squares = squares / error.shape[1]
    squares = np.where(squares < plateau * plateau, 0, squares)
    return np.asarray(np.sqrt(squares + params.real("epsilon")).sum() / divisor)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, ...), in FlowNet's form (n, c, ...), b may be missing; returns ()."""
    layer.expect(bottoms, 1, 2)
    if len(bottoms) == 1 or layer.message.messages("l1_loss_param"):
        return [_flow_loss(layer, bottoms)]
    return [np.abs(bottoms[0] - bottoms[1].reshape(bottoms[0].shape)).sum() / len(bottoms[0])]
