"""WarpCTCLoss (caffe_ocr's and ChWick's forks): CTC's loss by Baidu's rules; labels without a path count 0.

Two bottoms: scores, labels (n, l) with blanks to be left out. Three: as CTCLoss, labels counted from 1 where the blank
is 0. Four: scores, steps, numbers of labels, labels (l, n). Source: src/caffe/layers/warp_ctc_loss_layer.cpp and
include/detail/cpu_ctc.h of senlinuc/caffe_ocr.
"""

from __future__ import annotations

from reference.ctc import indicated, listed, mean_loss
from reference.layer import Array, Layer

TYPE = "WarpCTCLoss"
MESSAGES = ("loss_param", "ctc_loss_param")
SUMS = True
FIELDS = """
ctc_loss_param: output_delay 0 int = 0; blank_index 0 int; preprocess_collapse_repeated 0 bool = false; ctc_merge_repeated 0 bool = true; loss_calculation_t 0 int = 0; blank_label 0 int = 0; alphabet_size 0 int; time_step 0 int
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """scores: (t, n, c) and what tells the labels; returns ()."""
    layer.expect(bottoms, 2, 4)
    params, scores = layer.params("ctc_loss_param"), bottoms[0]
    blank = params.integer("blank_index") if params.has("blank_index") else 0
    if len(bottoms) == 2:
        items = listed(bottoms[1], blank, len(scores))
    elif len(bottoms) == 3:
        items = indicated(bottoms[1], bottoms[2], 1 if blank == 0 else 0)
    else:
        lengths = zip(bottoms[1].ravel(), bottoms[2].ravel(), strict=True)
        text = bottoms[3].reshape(len(bottoms[3]), -1)
        items = [(int(steps), [int(v) for v in text[: int(count), n]]) for n, (steps, count) in enumerate(lengths)]
    return [mean_loss(layer, scores, items, blank, 0.0)]
