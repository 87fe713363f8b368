"""The label maps of a check, the image they label, and where they differ, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from converter.data.label_sets import voc_color
from converter.data.transforms import undo_preprocess
from converter.dilatednet.inference.tiles import MARGIN
from converter.dilatednet.zoo import Model

Array: TypeAlias = "np.ndarray[Any, Any]"
Pixels: TypeAlias = npt.NDArray[np.uint8]

_DIFFERENT = (228, 26, 28)


@dataclass(frozen=True, slots=True)
class Maps:
    """Labels that two sides give the same pixels: uint8 (h, w) each, colors uint8 (256, 3), names by class."""

    expected: Pixels
    actual: Pixels
    colors: Pixels
    classes: tuple[str, ...]

    @property
    def differing_pixels(self) -> int:
        """How many pixels the two sides label differently."""
        return int((self.expected != self.actual).sum())

    def difference(self) -> Pixels:
        """Where they differ, red on the expected labels' outlines in gray, few pixels drawn larger: uint8 (h, w, 3)."""
        shown = np.full((*self.actual.shape, 3), 232, np.uint8)
        edge = np.zeros(self.actual.shape, bool)
        edge[1:] |= self.expected[1:] != self.expected[:-1]
        edge[:, 1:] |= self.expected[:, 1:] != self.expected[:, :-1]
        shown[edge] = 160
        shown[_visible(self.expected != self.actual)] = _DIFFERENT
        return shown

    def present(self) -> list[tuple[str, list[int]]]:
        """The classes that either side names, with their colors, the most frequent first."""
        counts = np.bincount(np.concatenate([self.expected.ravel(), self.actual.ravel()]), minlength=256)
        order = [int(label) for label in np.argsort(-counts, kind="stable") if counts[label]]
        names = dict(enumerate(self.classes))
        return [(names.get(label, f"class {label}"), self.colors[label].tolist()) for label in order]


def label_maps(
    expected: Mapping[str, Array], actual: Mapping[str, Array], model: Model | None, size: tuple[int, int] | None
) -> Maps | None:
    """The maps of the first end that both sides have as (n, classes, h, w) with up to 256 classes; None if none is.

    Args:
        expected: ends by name.
        actual: ends by name.
        model: the published net, whose output is upsampled by its zoom and cropped to `size`.
        size: the image's part that the first tile covers, (height, width) in pixels; None keeps the output's size.
    """
    both = [name for name in expected if name in actual and _is_map(expected[name])]
    shared = [name for name in both if actual[name].shape == expected[name].shape]
    if not shared:
        return None
    name = "prob" if "prob" in shared else shared[0]
    classes = expected[name].shape[1]
    fits = model is not None and len(model.label_set.classes) == classes
    names = model.label_set.classes if model is not None and fits else ()
    known = model.label_set.palette if model is not None and fits else tuple(map(voc_color, range(256)))
    colors = np.zeros((256, 3), np.uint8)
    colors[: len(known)] = known
    zoom = model.label_set.zoom if model is not None and fits else 1
    sides = [_labels(side[name][0], zoom, size) for side in (expected, actual)]
    return Maps(sides[0], sides[1], colors, names)


def covered_part(image: Pixels, tile: tuple[int, int]) -> Pixels:
    """The part of an image (h, w, 3) that the first tile of (height, width) gives labels for, uint8 (h, w, 3)."""
    return image[: max(1, tile[0] - 2 * MARGIN), : max(1, tile[1] - 2 * MARGIN)]


def input_image(x: Array, model: Model) -> Pixels:
    """A net's input (3, h, w), B, G, R less the mean, as an image without the margins: uint8 R, G, B."""
    inner = x[:, MARGIN : x.shape[1] - MARGIN, MARGIN : x.shape[2] - MARGIN]
    return undo_preprocess(inner, model.label_set.mean)


def _visible(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Fewer than one pixel in a hundred would be lost on a small screen: each then becomes 5 by 5."""
    if mask.mean() > 0.01:
        return mask
    grown = np.zeros_like(mask)
    for row, column in np.argwhere(mask):
        grown[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = True
    return grown


def _is_map(blob: Array) -> bool:
    return blob.ndim == 4 and 1 < blob.shape[1] <= 256 and blob.shape[2] * blob.shape[3] > 1


def _labels(scores: Array, zoom: int, size: tuple[int, int] | None) -> Pixels:
    """The most probable class of every pixel; values that are no numbers count as least probable."""
    finite = np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    if zoom == 1 or size is None:
        labels: Pixels = finite.argmax(axis=0).astype(np.uint8)
        return labels if size is None else labels[: size[0], : size[1]]
    import torch

    from converter.dilatednet.inference.predict import upsample_labels

    room = (min(size[0], finite.shape[1] * zoom), min(size[1], finite.shape[2] * zoom))
    upsample: Pixels = upsample_labels(torch.from_numpy(np.nan_to_num(finite).astype(np.float32)), zoom, room).numpy()
    return upsample
