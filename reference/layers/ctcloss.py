"""CTCLoss (ChWick's fork): mean over items of -log of the probability of all paths that collapse to their labels.

Bottoms: scores, indicators that are 0 where a sequence begins, labels that a negative number ends; the blank is
blank_index, by default the last class. Source: src/caffe/layers/ctc_loss_layer.cpp of ChWick/caffe.
"""

from __future__ import annotations

import itertools
import math

from reference.ctc import CTC_FIELDS, indicated, mean_loss
from reference.layer import Array, Layer

TYPE = "CTCLoss"
MESSAGES = ("loss_param", "ctc_loss_param")
SUMS = True
FIELDS = CTC_FIELDS


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """scores: (t, n, c), indicators and labels: (t, n); returns ()."""
    layer.expect(bottoms, 3)
    params = layer.params("ctc_loss_param")
    if params.integer("output_delay") or not params.flag("ctc_merge_repeated"):
        raise layer.error("has a delay, or paths that do not merge repeats; the oracle knows neither")
    items = indicated(bottoms[1], bottoms[2])
    if params.flag("preprocess_collapse_repeated"):
        items = [(steps, [label for label, _ in itertools.groupby(text)]) for steps, text in items]
    blank = params.integer("blank_index") if params.has("blank_index") else -1
    return [mean_loss(layer, bottoms[0], items, blank, math.inf)]
