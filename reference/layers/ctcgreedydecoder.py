"""CTCGreedyDecoder (caffe_ocr's fork): the best class of each step without repeats and blanks, or how right that is.

With labels: 1 - the mean of edit distance over the longer length, and the share of items read without a mistake (two
empty sequences are near, but not counted as right).
Source: src/caffe/layers/ctc_decoder_layer.cpp of senlinuc/caffe_ocr.
"""

from __future__ import annotations

import itertools

import numpy as np

from reference.ctc import classes_of
from reference.layer import Array, Layer

TYPE = "CTCGreedyDecoder"
MESSAGES = ("ctc_decoder_param",)
DISCONTINUOUS_FROM = 0
FIELDS = "ctc_decoder_param: blank_index 0 int = 0; ctc_merge_repeated 0 bool = true"


def _distance(one: list[int], other: list[int]) -> int:
    """Levenshtein's."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one):
        above, row = row, [i + 1]
        for j, right in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (left != right)))
    return row[-1]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """scores: (t, n, c); returns (n, t, 1, 1), -1 behind the end, or with labels (n, l) both figures (1, 2, 1, 1)."""
    layer.expect(bottoms, 1, 2)
    params, scores = layer.params("ctc_decoder_param"), bottoms[0]
    classes, steps = classes_of(layer, scores), len(scores)
    blank = params.integer("blank_index")
    blank = classes - 1 if blank < 0 else blank
    best = scores.reshape(steps, -1, classes).argmax(axis=2).T.tolist()
    if params.flag("ctc_merge_repeated"):
        best = [[label for label, _ in itertools.groupby(row)] for row in best]
    read = [[label for label in row if label != blank] for row in best]
    if len(bottoms) == 1:
        top = np.full((len(read), steps, 1, 1), -1, scores.dtype)
        for row, text in zip(top, read, strict=True):
            row[: len(text), 0, 0] = text
        return [top]
    shares, right = [], 0
    for row, text in zip(bottoms[1].reshape(len(bottoms[1]), -1), read, strict=True):
        wanted = [int(v + 0.5) for v in itertools.takewhile(lambda v: v >= 0, row)]
        wanted = [label for label in wanted if label != blank]
        if wanted or text:
            distance = _distance(wanted, text)
            shares.append(distance / max(len(wanted), len(text)))
            right += distance == 0
    figures = [1 - sum(shares) / len(read), right / len(read)]
    return [np.array(figures, scores.dtype).reshape(1, 2, 1, 1)]
