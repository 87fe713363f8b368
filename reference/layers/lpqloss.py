"""LpqLoss (FlowNet2's fork): sum of (sum over channels of (|d| + p_epsilon)^p + q_epsilon)^q, over n; NaN counts as 0.

Source: src/caffe/layers/lpq_loss_layer.cpp and .cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import known_difference

TYPE = "LpqLoss"
MESSAGES = ("loss_param", "lpq_loss_param")
SUMS = True
FIELDS = """
lpq_loss_param: l2_prescale_by_channels 0 bool = false; normalize_by_num_entries 0 bool = false; p_epsilon 0 float = 0; q_epsilon 0 float = 1e-2; pq_episode_starts_at_iter 0 int*; p 0 float*; q 0 float*
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, c, ...), b may be missing; returns ()."""
    layer.expect(bottoms, 1, 2)
    params = layer.params("lpq_loss_param")
    inner, outer = params.reals("p"), params.reals("q")
    if len(inner) != 1 or len(outer) != 1 or any(params.integers("pq_episode_starts_at_iter")):
        raise layer.error(f"has {len(inner)} p and {len(outer)} q; the oracle knows one of each, from iteration 0 on")
    error, divisor = known_difference(layer, bottoms, params.flag("normalize_by_num_entries"))
    powers = np.power(np.abs(error) + params.real("p_epsilon"), inner[0])
    total = powers.sum(axis=1) / (error.shape[1] if params.flag("l2_prescale_by_channels") else 1)
    return [np.power(total + params.real("q_epsilon"), outer[0]).sum() / divisor]
