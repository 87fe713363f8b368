"""CtcLoss (xmfbit's fork): CTC's loss of scores and labels alone; labels without a path count 0.

Source: src/caffe/layers/ctc_loss_layer.cpp of xmfbit/warpctc-caffe.
"""

from __future__ import annotations

from reference.ctc import CTC_FIELDS, classes_of, listed, mean_loss
from reference.layer import Array, Layer

TYPE = "CtcLoss"
MESSAGES = ("loss_param", "ctc_loss_param")
SUMS = True
FIELDS = CTC_FIELDS


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """scores: (t, n, c), labels: (n, l); returns ()."""
    layer.expect(bottoms, 2)
    params, scores = layer.params("ctc_loss_param"), bottoms[0]
    steps, blank = params.integer("time_step"), params.integer("blank_label")
    if params.integer("alphabet_size") != classes_of(layer, scores) or not 0 < steps <= len(scores):
        raise layer.error(f"alphabet_size and time_step do not fit scores of shape {scores.shape}")
    return [mean_loss(layer, scores, listed(bottoms[1], blank, steps), blank, 0.0)]
