"""SegData layers of two forks: images and label maps named in a list. No torch here.

Source: src/caffe/layers/seg_data_layer.cpp of lxx1991/caffe_mpi, with its src/caffe/data_transformer.cpp (the Transform
of two Datums), and of KyunghyunPaeng/caffe-paeng, which names images alone, without endings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.caffe_images import read_bgr, resize_linear
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.list_files import read_list
from converter.data.listed_images import (
    ListedImages,
    Pair,
    Size,
    check_pair,
    read_image_pairs,
    read_size,
    resize_nearest,
)
from converter.data.sampling import SampleOrder
from converter.data.transforms import Array, place_window
from converter.errors import DatasetError
from converter.net.net import Layer
from converter.net.params import Params

_COLORS = 3
_PLANES = 4
"""Of an item: three colors, labels."""

_UNBALANCED = 0.8
"""From more than this share of one label on, `balance` draws again."""

_REDRAWS = 10
_STEPS = 1000
"""Scales are drawn in steps of a thousandth."""

_LARGEST = 1000
"""Factors beyond it are no images."""


def seg_data(layer: Layer, seed: int) -> ListedImages:
    """The data that a seg_data_param describes.

    Raises:
        DatasetError: a database's, or a list that does not read or is empty.
        UnsupportedParameterError: numbers that the layer cannot use.
    """
    if not layer.params().has("seg_data_param"):
        text = f"layer {layer.name!r} (SegData): no reader for its database; feed its tops yourself"
        raise DatasetError(text, path=layer.where.path, line=layer.where.line)
    view = layer.params().message("seg_data_param")
    folders = any(view.has(f"{what}_root_folder") for what in ("image", "label"))
    return NamedSegData.of(layer, seed) if folders or view.has("crop_size") else SegData.of(layer, seed)


@dataclass(frozen=True, slots=True)
class SegWindow:
    """What transform_param cuts out of a pair.

    Attributes:
        scales: the least and the largest factor of a pair's size, drawn between them.
        crop: height and width; None: a pair's own, rounded down to multiples of `stride` and bounded by `upper`.
        ignored: the label where the window reaches beyond the image, which is 0 there.
    """

    scales: tuple[float, float] = (1.0, 1.0)
    crop: Size | None = None
    stride: int = 1
    upper: Size | None = None
    ignored: int = 0

    @classmethod
    def of(cls, view: Params) -> SegWindow:
        """The fields of a transform_param.

        Raises:
            UnsupportedParameterError: what the reader does not do, or numbers that give no window.
        """
        for name in ("mean_file", "rand_rotate", "gaussian_blur"):
            if view.has(name) and (name != "gaussian_blur" or view.flag(name)):
                raise view.error(name, "is not done by the reader of SegData", "remove it, or feed the tops yourself")
        ratios = view.numbers("scale_ratios")
        scales = (ratios[0], ratios[1]) if len(ratios) == 2 else (1.0, 1.0)
        if not 0 < scales[0] <= scales[1] <= _LARGEST:
            hint = f"expected two numbers above 0, up to {_LARGEST}, the smaller first"
            raise view.error("scale_ratios", f"are {list(ratios)}", hint)
        stride = view.integer("stride", 1)
        if stride < 1:
            raise view.error("stride", f"is {stride}", "expected at least 1")
        crop, upper = view.integer("crop_size"), view.integer("upper_size", 0)
        return cls(
            scales,
            (crop, crop) if crop else read_size(view, "crop"),
            stride,
            (upper, upper) if upper else read_size(view, "upper"),
            view.integer("ignore_label", 0),
        )

    def scaled(self, size: tuple[int, ...], draws: np.random.Generator) -> Size:
        """A size by a factor drawn, rounded."""
        low, high = self.scales
        factor = low + int(draws.integers(int((high - low) * _STEPS) + 1)) / _STEPS
        return int(size[0] * factor + 0.5), int(size[1] * factor + 0.5)

    def size_for(self, size: Size) -> Size:
        """The window's size for a pair of that size."""
        if self.crop is not None:
            return self.crop
        height, width = (side // self.stride * self.stride for side in size)
        return (min(height, self.upper[0]), min(width, self.upper[1])) if self.upper else (height, width)


@dataclass(frozen=True, slots=True)
class SegData(ListedImages):
    """Batches of (batch, 3, h, w) images and (batch, 1, h, w) labels, drawn anew in every phase.

    `pairs` are paths of images and label maps. With `balance` a batch of one item is drawn again while one label takes
    more than 0.8 of it, at most ten times; in larger batches the source's condition never holds.
    """

    tops: tuple[str, ...]
    pairs: list[tuple[str, str]]
    batch: int
    window: SegWindow
    balance: bool
    mirror: bool
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> SegData:
        """The data that a seg_data_param describes; raises as `seg_data`."""
        view, transform = layer.params().message("seg_data_param"), layer.params().message("transform_param")
        window, batch = SegWindow.of(transform), batch_size(view, 1)
        if batch > 1 and window.crop is None:
            raise view.error("batch_size", f"is {batch} without a crop", "set crop_size, or batch_size: 1")
        pairs = read_image_pairs(found_path(view, "source"), view.text("root_dir", ""))
        balance = view.flag("balance", False) and batch == 1
        transformer, order = DataTransformer.of(layer), SampleOrder(len(pairs), seed, view.flag("shuffle", False))
        plain = replace(transformer, crop=0, mirror=False)
        return cls(layer.tops, pairs, batch, window, balance, transformer.mirror, plain, order)

    def _path(self, position: int) -> str:
        return self.pairs[self.order.item(position)][0]

    def _item(self, position: int) -> Pair:
        """An image (3, h, w) and its labels (1, h, w), float32."""
        path, label_path = self.pairs[self.order.item(position)]
        planes, labels = read_bgr(path), read_bgr(label_path, color=False)
        check_pair(planes, labels, label_path)
        draws = self.order.draws(position)
        found = self._draw(planes, labels, draws, path)
        for _ in range(_REDRAWS if self.balance else 0):
            if np.unique(found[1], return_counts=True)[1].max() <= _UNBALANCED * found[1].size:
                break
            found = self._draw(planes, labels, draws, path)
        return found

    def _draw(self, planes: Array, labels: Array, draws: np.random.Generator, path: str) -> Pair:
        """One window of a pair: mirror, scale, row and column are drawn in this order."""
        mirrored = self.mirror and bool(draws.integers(2))
        size = self.window.scaled(planes.shape[1:], draws)
        cut = self.window.size_for(size)
        if min(*size, *cut) < 1:
            text = f"{planes.shape[1:]} pixels leave nothing at stride {self.window.stride}"
            raise DatasetError(f"{text}; lower stride or raise scale_ratios", path=path)
        check_batch(self.batch, (_PLANES, *cut), path)
        starts = [_start(old, new, draws) for old, new in zip(size, cut, strict=True)]
        image = place_window(self.transformer.apply(resize_linear(planes, size), draws, path), cut, starts, 0)
        map_ = place_window(resize_nearest(labels, size).astype(np.float32), cut, starts, self.window.ignored)
        return (image[:, :, ::-1], map_[:, :, ::-1]) if mirrored else (image, map_)


def _start(old: int, new: int, draws: np.random.Generator) -> int:
    """Where a window of `new` rows or columns begins in `old` ones; below 0 where it is larger."""
    spare = int(draws.integers(abs(old - new) + 1))
    return spare if old >= new else -spare


@dataclass(frozen=True, slots=True)
class NamedSegData(ListedImages):
    """Batches of (batch, 3, side, side) images and (batch, 1, side, side) labels, resized and mirrored, never cropped.

    `pairs` are paths of images and label maps, of one name each; `size` is what both are resized to, None where they
    are `side` high and wide as they are.
    """

    tops: tuple[str, ...]
    pairs: list[tuple[str, str]]
    batch: int
    size: Size | None
    side: int
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> NamedSegData:
        """The data that a seg_data_param describes; raises as `seg_data`."""
        view = layer.params().message("seg_data_param")
        side, size = view.integer("crop_size", 0), read_size(view, "new")
        if side < 1 or size not in (None, (side, side)):
            text = "is not new_height and new_width" if side else "is missing"
            raise view.error("crop_size", text, "the layer fills tops of crop_size with images of that size")
        images, labels = (view.text(f"{what}_root_folder", "") for what in ("image", "label"))
        pairs = [(f"{images}{name}.jpg", f"{labels}{name}.png") for name in read_list(found_path(view, "source"))]
        transformer = DataTransformer(
            view.number("scale", 1.0), mirror=view.flag("mirror", False), mean_values=view.numbers("mean_value")
        )
        order = SampleOrder(len(pairs), seed, view.flag("shuffle", True))
        return cls(layer.tops, pairs, batch_size(view), size, side, transformer, order)

    def _path(self, position: int) -> str:
        return self.pairs[self.order.item(position)][0]

    def _item(self, position: int) -> Pair:
        """An image (3, side, side) and its labels (1, side, side), float32."""
        path, label_path = self.pairs[self.order.item(position)]
        planes = read_bgr(path, self.size)
        labels = resize_nearest(read_bgr(label_path, color=False), self.size)
        check_pair(planes, labels, label_path)
        if planes.shape != (_COLORS, self.side, self.side):
            text = f"{planes.shape[1:]} pixels for tops of crop_size {self.side}"
            raise DatasetError(f"{text}; set new_height and new_width to it", path=path)
        window = self.transformer.draw_crop(planes.shape, self.order.draws(position), path)
        return self.transformer.apply_crop(planes, window), window.of(labels.astype(np.float32))
