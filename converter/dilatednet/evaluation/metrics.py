"""The confusion matrix and the scores taken from it, as PASCAL VOC's VOCevalseg counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converter.data.labels import VOID, Labels, check_classes
from converter.errors import DatasetError

Matrix = NDArray[np.int64]


def confusion(
    ground_truth: Labels, prediction: Labels, classes: int, where: str | None = None, truth_file: str | None = None
) -> Matrix:
    """Pixels by class: (classes, classes) int64, rows the truth, columns the prediction; void truth is left out.

    Both label maps are (h, w) uint8. Source: VOCevalseg.m of the VOC 2012 development kit.

    Raises:
        DatasetError: the sizes differ, or a label that counts is no class; `where` names the image or the
            prediction's file, `truth_file` the truth's.
    """
    if ground_truth.shape != prediction.shape:
        raise DatasetError(
            f"the prediction is {_size(prediction)}, the truth {_size(ground_truth)}; predict at the image's own size",
            path=where,
        )
    codes = ground_truth.astype(np.uint16) << np.uint16(8) | prediction
    table = np.bincount(codes.ravel(), minlength=256 * 256).reshape(256, 256)
    if table[classes:VOID].any() or table[:classes, classes:].any():
        check_classes(ground_truth, classes, truth_file or where, what="the truth holds label")
        check_classes(
            prediction, classes, where, counted=ground_truth != VOID, ignore=(), what="the prediction holds label"
        )
    return table[:classes, :classes].astype(np.int64)


def _size(labels: Labels) -> str:
    """Width × height, as people give an image's size."""
    return "×".join(str(side) for side in reversed(labels.shape))


@dataclass(frozen=True)
class Scores:
    """What a confusion matrix says, all in per cent.

    iou: (classes,) float64, 0 where a class occurs neither in truth nor in prediction, as in the VOC kit.
    absent: the classes of which that is so.
    mean: mean of `iou` over all classes. mean_present: over the classes that occur in truth or prediction, as FCN's
    scripts and torchmetrics have it; 100 where none does.
    pixel_accuracy: share of pixels with the right class. mean_accuracy: of every class's true pixels the share labeled
    so, averaged over the classes that occur; 0 for one that is predicted and never true.
    """

    iou: NDArray[np.float64]
    absent: tuple[int, ...]
    mean: float
    mean_present: float
    pixel_accuracy: float
    mean_accuracy: float


def scores(matrix: Matrix) -> Scores:
    """Intersection over union per class, its means, and accuracies, from a (classes, classes) matrix."""
    hits = np.diagonal(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
    iou = 100.0 * hits / np.maximum(union, 1)
    total, present = int(matrix.sum()), union > 0
    accuracy = 100.0 * int(hits.sum()) / total if total else 0.0
    recall = 100.0 * hits / np.maximum(matrix.sum(axis=1), 1)
    means = [float(values[present].mean()) if present.any() else 100.0 for values in (iou, recall)]
    absent = tuple(int(i) for i in np.flatnonzero(~present))
    return Scores(iou, absent, float(iou.mean()), means[0], accuracy, means[1])


def image_iou(matrix: Matrix) -> float:
    """Mean IoU in per cent of one matrix (classes, classes), over the classes it holds; 100 where all is void."""
    return scores(matrix).mean_present
