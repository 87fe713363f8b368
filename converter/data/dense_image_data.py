"""SegNet's DenseImageData layer: images and label maps named in a list. No torch here.

Source: alexgkendall/caffe-segnet, src/caffe/layers/dense_image_data_layer.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from converter.data.batches import batch_size
from converter.data.caffe_images import read_bgr
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.listed_images import (
    ListedImages,
    Pair,
    Size,
    check_pair,
    first_item,
    read_image_pairs,
    read_size,
    resize_nearest,
)
from converter.data.sampling import SampleOrder
from converter.errors import DatasetError
from converter.net.net import Layer


@dataclass(frozen=True, slots=True)
class DenseImageData(ListedImages):
    """Batches of (batch, c, h, w) images and (batch, 1, h, w) labels; pairs of one batch have one size.

    `pairs` are paths of images and label maps; `size` is what both are resized to, `crop` what is cut out of them at
    random in every phase; None: neither. `mirror`: whether pairs are mirrored at random.
    """

    tops: tuple[str, ...]
    pairs: list[tuple[str, str]]
    batch: int
    size: Size | None
    crop: Size | None
    color: bool
    mirror: bool
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> DenseImageData:
        """The data that a dense_image_data_param describes.

        Raises:
            DatasetError: a list that does not read or is empty.
            UnsupportedParameterError: numbers that the layer cannot use.
        """
        view, transformer = layer.params().message("dense_image_data_param"), DataTransformer.of(layer)
        transform = layer.params().message("transform_param")
        for name, value in (("mirror", transformer.mirror), ("crop_size", transformer.crop)):
            if value:
                text = "does to images what it does not do to labels"
                raise transform.error(name, text, "set mirror, crop_height and crop_width of dense_image_data_param")
        pairs = read_image_pairs(found_path(view, "source"), view.text("root_folder", ""))
        return cls(
            layer.tops,
            pairs,
            batch_size(view, 1),
            read_size(view, "new"),
            read_size(view, "crop"),
            view.flag("is_color", True),
            view.flag("mirror", False),
            replace(transformer, train=False),
            SampleOrder(len(pairs), seed, view.flag("shuffle", False)),
            first_item(view, len(pairs), seed),
        )

    def _path(self, position: int) -> str:
        return self.pairs[self.order.item(position)][0]

    def _item(self, position: int) -> Pair:
        """An image (c, h, w) and its labels (1, h, w), float32, mirrored and cropped alike."""
        path, label_path = self.pairs[self.order.item(position)]
        planes = read_bgr(path, self.size, color=self.color)
        labels = resize_nearest(read_bgr(label_path, color=False), self.size)
        check_pair(planes, labels, label_path)
        draws = self.order.draws(position)
        if self.mirror and draws.integers(2):
            planes, labels = planes[:, :, ::-1], labels[:, :, ::-1]
        if self.crop is not None:
            if planes.shape[1] < self.crop[0] or planes.shape[2] < self.crop[1]:
                text = f"{planes.shape[1:]} is smaller than the crop of {self.crop}; lower crop_height and crop_width"
                raise DatasetError(text, path=path)
            starts = (int(draws.integers(old - new + 1)) for old, new in zip(planes.shape[1:], self.crop, strict=True))
            rows, columns = (slice(start, start + new) for start, new in zip(starts, self.crop, strict=True))
            planes, labels = planes[:, rows, columns], labels[:, rows, columns]
        return self.transformer.apply(planes, draws, path), labels.astype(np.float32)
