"""The demo's net on fresh scenes: labels of the front end alone and with the context module, and how right both are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

import converter
from converter.dilatednet.evaluation.metrics import Scores, confusion, image_iou, scores
from scripts.claims.scenes import CLASSES, scenes
from scripts.demo_net.net import CONTEXT, FRONT_END, PLAN, SEED

Labels = NDArray[np.uint8]
FIRST = 1_000_000
"""The first fresh scene: scripts/claims trains on none numbered from here."""


@dataclass(frozen=True, slots=True)
class SceneLabels:
    """A scene and its labels: picture float32 (side, side); truth and both predictions uint8 (cells, cells)."""

    number: int
    picture: NDArray[np.float32]
    truth: Labels
    front_end: Labels
    context: Labels


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every scene, and the scores of both outputs over all of them together, in per cent."""

    scenes: tuple[SceneLabels, ...]
    front_end: Scores
    context: Scores


def compare(prototxt: str | os.PathLike[str], weights: str | os.PathLike[str], count: int) -> Comparison:
    """Labels of the first `count` fresh scenes by the converted net, which `converter.load` gives, and their scores."""
    net = converter.load(prototxt, weights).eval()
    pictures, truths = scenes(SEED, FIRST, count, PLAN.scenes)
    found = []
    with torch.inference_mode():
        for offset, (picture, truth) in enumerate(zip(pictures, truths.astype(np.uint8), strict=True)):
            out = net(data=torch.from_numpy(picture[None]))
            front_end, context = (out[name][0].argmax(dim=0).numpy().astype(np.uint8) for name in (FRONT_END, CONTEXT))
            found.append(SceneLabels(FIRST + offset, picture[0], truth, front_end, context))
    truth_maps = [scene.truth for scene in found]
    return Comparison(
        tuple(found),
        _scores(truth_maps, [scene.front_end for scene in found]),
        _scores(truth_maps, [scene.context for scene in found]),
    )


def scene_iou(truth: Labels, labels: Labels) -> float:
    """Mean IoU of one scene in per cent, over the classes that it holds."""
    return image_iou(confusion(truth, labels, len(CLASSES)))


def _scores(truths: Sequence[Labels], labels: Sequence[Labels]) -> Scores:
    """IoU over all scenes together, as the data sets' own tools count."""
    matrix = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    for truth, predicted in zip(truths, labels, strict=True):
        matrix += confusion(truth, predicted, len(CLASSES))
    return scores(matrix)
