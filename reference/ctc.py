"""What the CTC layers share: the log probability of a labelling, and labels out of Caffe's blobs.

Graves 2012, section 7.3.1: alpha[t, u] sums the paths that have read the first half of u labels and blanks by step t.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

CTC_FIELDS = """
ctc_loss_param: output_delay 0 int = 0; blank_index 0 int; preprocess_collapse_repeated 0 bool = false; ctc_merge_repeated 0 bool = true; loss_calculation_t 0 int = 0; blank_label 0 int = 0; alphabet_size 0 int; time_step 0 int
"""  # noqa: E501 (one line a message)
"""The fields of both forks' `ctc_loss_param`, which share the name."""


def log_softmax(x: Array) -> Array:
    """x: (..., c); returns that shape."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def log_likelihood(logs: Array, labels: list[int], blank: int) -> float:
    """The logarithm of p(labels | scores), from log probabilities (t, c); -inf where no path has as few steps."""
    line = [blank]
    for label in labels:
        line += [label, blank]
    alpha = np.full(len(line), -np.inf)
    alpha[:2] = logs[0, line[:2]]
    for step in logs[1:]:
        before = [alpha]
        before.append(np.concatenate([[-np.inf], alpha[:-1]]))
        jump = np.concatenate([[-np.inf, -np.inf], alpha[:-2]])[: len(line)]
        same = [u < 2 or line[u] == blank or line[u] == line[u - 2] for u in range(len(line))]
        before.append(np.where(same, -np.inf, jump))
        alpha = np.logaddexp.reduce(before) + step[line]
    return float(np.logaddexp.reduce(alpha[-2:]))


def classes_of(layer: Layer, scores: Array) -> int:
    """How many classes scores (t, n, c), perhaps with axes of one, have."""
    if scores.ndim < 3 or scores[0, 0].size != scores.shape[2]:
        raise layer.error(f"scores have shape {scores.shape}; expected (t, n, c)")
    return int(scores.shape[2])


def mean_loss(layer: Layer, scores: Array, items: list[tuple[int, list[int]]], blank: int, impossible: float) -> Array:
    """Mean over items of -log p; each item is how many steps it has and its labels; `impossible` counts without a path.

    An item without a step counts 0.
    """
    classes, total = classes_of(layer, scores), 0.0
    for n, (steps, labels) in enumerate(items):
        strange = [label for label in labels if not 0 <= label < classes]
        if strange:
            raise layer.error(f"label {strange[0]} is no class; expected 0 to {classes - 1}")
        if steps == 0:
            continue
        logs = log_softmax(scores[:steps, n].reshape(steps, classes))
        value = log_likelihood(logs, labels, blank % classes)
        total += impossible if value == -np.inf else -value
    return np.asarray(total / len(items), scores.dtype)


def indicated(indicators: Array, labels: Array, offset: int = 0) -> list[tuple[int, list[int]]]:
    """Each item's steps and labels: steps end before the first 0 after step 0, labels before a negative number."""
    items = []
    steps, count = indicators.shape[:2]
    going, marks = indicators.reshape(steps, count), labels.reshape(len(labels), -1)
    for n in range(count):
        ends = [t for t in range(1, steps) if int(going[t, n] + 0.5) == 0]
        negative = [t for t in range(len(marks)) if marks[t, n] < 0]
        text = [int(mark + 0.5) + offset for mark in marks[: min(negative, default=len(marks)), n]]
        items.append((min(ends, default=steps) if text else 0, text))
    return items


def listed(labels: Array, blank: int, steps: int) -> list[tuple[int, list[int]]]:
    """Each row's labels (n, l) without its blanks, over so many steps."""
    return [(steps, [int(v) for v in row if int(v) != blank]) for row in labels.reshape(len(labels), -1)]
