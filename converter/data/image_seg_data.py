"""DeepLab's ImageSegData and DeconvNet's WindowSegData: images and label maps named in a list. No torch here.

Source: src/caffe/layers/image_seg_data_layer.cpp of hszhao/PSPNet, window_seg_data_layer.cpp of HyeonwooNoh/caffe, and
TransformImgAndSeg of their src/caffe/data_transformer.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.caffe_images import read_bgr, resize_linear
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.listed_images import (
    ListedImages,
    Pair,
    Size,
    check_pair,
    first_item,
    gather,
    read_size,
    resize_nearest,
)
from converter.data.sampling import SampleOrder
from converter.data.transforms import Array, place_window
from converter.errors import DatasetError
from converter.net.net import Layer
from converter.net.params import Params

_LARGEST = 255
"""Labels are bytes."""

_MOST_FACTOR = 1000
"""Factors beyond it are no images."""


class SegLine(NamedTuple):
    """A line of the list: an image, its label map's file or (of type IMAGE) label, and a window of x1, y1, x2, y2."""

    image: str
    label: str = ""
    window: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageSegData(ListedImages):
    """Batches of (batch, c, h, w) images, (batch, 1, h, w) labels and, as third, (batch, 1, 1, 2) heights and widths.

    Pairs are scaled by one of `factors`, extended below and to the right by their mean and `ignored`, cropped at random
    in training, else in the middle. `label_type`: PIXEL for label maps, IMAGE for a label an image, NONE. With windows
    what is cut out is resized to `size` (labels to the nearest), without them the whole (labels linearly too, as in
    DeepLab); None: neither. Heights and widths are those before scaling, bounded by the batch's.
    """

    tops: tuple[str, ...]
    lines: list[SegLine]
    batch: int
    size: Size | None
    crop: Size | None
    factors: tuple[float, ...]
    label_type: str
    ignored: int
    color: bool
    mirror: bool
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> ImageSegData:
        """The data that an image_data_param describes.

        Raises:
            DatasetError: a list that does not read or is empty.
            UnsupportedParameterError: numbers that the layer cannot use.
        """
        view, transform = layer.params().message("image_data_param"), layer.params().message("transform_param")
        if transform.has("mean_file"):
            raise transform.error("mean_file", "cannot be used: pairs differ in size", "give mean_value")
        factors = transform.numbers("scale_factors")
        if factors and not 0 < min(factors) <= max(factors) <= _MOST_FACTOR:
            raise transform.error("scale_factors", f"are {list(factors)}", f"expected above 0, up to {_MOST_FACTOR}")
        transformer = DataTransformer.of(layer)
        label_type = view.choice("label_type", ("NONE", "IMAGE", "PIXEL"), "IMAGE")
        path, root = found_path(view, "source"), view.text("root_folder")
        lines = read_seg_lines(path, root, label_type, windows=layer.type == "WindowSegData")
        return cls(
            layer.tops,
            lines,
            batch_size(view),
            read_size(view, "new"),
            _crop(transform),
            factors,
            label_type,
            min(max(view.integer("ignore_label", _LARGEST), 0), _LARGEST),
            view.flag("is_color"),
            transformer.mirror,
            replace(transformer, crop=0, mirror=False),
            SampleOrder(len(lines), seed, view.flag("shuffle")),
            first_item(view, len(lines), seed),
        )

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top; raises as `ListedImages` does."""
        sizes: list[tuple[int, ...]] = []

        def item(position: int) -> Pair:
            pair, size = self._sized(position)
            sizes.append(size)
            return pair

        first = self.start + number * self.batch
        images, labels = gather(range(first, first + self.batch), item, self._path)
        bounded = np.minimum(np.array(sizes, np.float32), images.shape[2:]).astype(np.float32)
        return dict(zip(self.tops, (images, labels, bounded.reshape(-1, 1, 1, 2)), strict=False))

    def _path(self, position: int) -> str:
        return self.lines[self.order.item(position)].image

    def _sized(self, position: int) -> tuple[Pair, tuple[int, ...]]:
        """An image (c, h, w) and its labels (1, h, w), float32, and the image's height and width before scaling."""
        line = self.lines[self.order.item(position)]
        planes = read_bgr(line.image, color=self.color)
        labels = self._labels(line, planes)
        if line.window:
            check_pair(planes, labels, line.label)
            size = planes.shape[1:]
            planes, labels = self._cut(planes, labels, line)
        else:
            if self.size is not None:
                planes, labels = resize_linear(planes, self.size), resize_linear(labels, self.size)
            check_pair(planes, labels, line.label)
            size = planes.shape[1:]
        return self._draw(planes, labels, self.order.draws(position), line.image), size

    def _labels(self, line: SegLine, planes: Array) -> Array:
        """The label map (1, h, w), uint8."""
        if self.label_type == "PIXEL":
            return read_bgr(line.label, color=False)
        label = int(line.label or 0) if self.label_type == "IMAGE" else self.ignored
        return np.full((1, *planes.shape[1:]), min(max(label, 0), _LARGEST), np.uint8)

    def _cut(self, planes: Array, labels: Array, line: SegLine) -> tuple[Array, Array]:
        """A window of both, its ends included, resized; beyond the image it is 0, its labels `ignored`."""
        left, top, right, bottom = line.window
        size = bottom - top + 1, right - left + 1
        if min(size) < 1:
            raise DatasetError(f"the window {line.window} is empty; expected x1 y1 x2 y2 in order", path=line.image)
        check_batch(self.batch, (len(planes) + 1, *size), line.image)
        planes = place_window(planes, size, (top, left), 0)
        labels = place_window(labels, size, (top, left), self.ignored)
        if self.size is None:
            return planes, labels
        return resize_linear(planes, self.size), resize_nearest(labels, self.size)

    def _draw(self, planes: Array, labels: Array, draws: np.random.Generator, path: str) -> Pair:
        """Both scaled, extended, cropped: mirror, factor, row and column are drawn in this order."""
        mirrored = self.mirror and bool(draws.integers(2))
        factor = self.factors[int(draws.integers(len(self.factors)))] if self.factors else 1.0
        size = int(planes.shape[1] * factor), int(planes.shape[2] * factor)
        cut = self.crop or size
        if min(*size, *cut) < 1:
            raise DatasetError(f"{planes.shape[1:]} times {factor} leave nothing; raise scale_factors", path=path)
        check_batch(self.batch, (len(planes) + 1, *cut), path)
        starts = []
        for old, new in zip(size, cut, strict=True):
            spare = max(old - new, 0)
            starts.append(int(draws.integers(spare + 1)) if self.transformer.train else spare // 2)
        values = self.transformer.apply(resize_linear(planes, size), draws, path)
        image = place_window(values, cut, starts, 0)
        map_ = place_window(resize_nearest(labels, size), cut, starts, self.ignored).astype(np.float32)
        return (image[:, :, ::-1], map_[:, :, ::-1]) if mirrored else (image, map_)


def _crop(transform: Params) -> Size | None:
    """crop_size, twice, or crop_height and crop_width; None for neither."""
    side, sides = transform.integer("crop_size"), read_size(transform, "crop")
    if side and sides:
        raise transform.error("crop_size", "stands beside crop_height", "use one of them")
    return (side, side) if side else sides


def read_seg_lines(path: str, root: str, label_type: str, *, windows: bool) -> list[SegLine]:
    """`image label` a line, without the label of type NONE; with `windows` x1 y1 x2 y2 behind it.

    Args:
        path: the list.
        root: what stands before the names of its files, as it is.
        label_type: PIXEL (the label is a file), IMAGE (a whole number; absent: 0) or NONE.
        windows: whether lines have them.

    Raises:
        DatasetError: the list cannot be read or is empty, or a line lacks something.
    """
    try:
        lines = [words for line in Path(path).read_text(encoding="utf-8").splitlines() if (words := line.split())]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"this list cannot be read: {error}; name a text file of paths", path=path) from error
    if not lines:
        raise DatasetError("this list is empty; expected 'image label' a line; check how it was made", path=path)
    named = label_type != "NONE"
    found = []
    for number, words in enumerate(lines, 1):
        label = words[1] if named and len(words) > 1 else ""
        try:
            window = tuple(int(word) for word in words[1 + named : 5 + named]) if windows else ()
            if label_type == "IMAGE":
                int(label or 0)
        except ValueError:
            window = (0,)
        if (label_type == "PIXEL" and not label) or len(window) != 4 * windows:
            wanted = "image" + " label" * named + " x1 y1 x2 y2" * windows
            text = f"line {number} is not '{wanted}', the label of type {label_type}"
            raise DatasetError(f"{text}; correct it, or label_type", path=path, line=number)
        found.append(SegLine(root + words[0], root + label if label_type == "PIXEL" else label, window))
    return found
