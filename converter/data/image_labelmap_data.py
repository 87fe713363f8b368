"""HED's ImageLabelmapData layer: images and edge maps named in a list. No torch here.

Source: s9xie/hed, src/caffe/layers/image_labelmap_data_layer.cpp, src/caffe/data_transformer.cpp (LocTransform,
LabelmapTransform).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from converter.data.batches import batch_size
from converter.data.caffe_images import read_bgr, resize_linear
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.listed_images import ListedImages, Pair, Size, check_pair, first_item, read_image_pairs, read_size
from converter.data.sampling import SampleOrder
from converter.net.net import Layer

_LEAST_EDGE = 128
"""Edge maps are divided by 255 and rounded: from this value on a pixel is 1."""


@dataclass(frozen=True, slots=True)
class ImageLabelmapData(ListedImages):
    """Batches of (batch, c, h, w) images and (batch, 1, h, w) edges, 0 or 1; pairs of one batch have one size.

    `pairs` are paths of images and edge maps; `size` is what both are resized to, None where they keep theirs. Crops
    are drawn in every phase.
    """

    tops: tuple[str, ...]
    pairs: list[tuple[str, str]]
    batch: int
    size: Size | None
    color: bool
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> ImageLabelmapData:
        """The data that an image_data_param describes.

        Raises:
            DatasetError: a list that does not read or is empty.
            UnsupportedParameterError: numbers that the layer cannot use.
        """
        view = layer.params().message("image_data_param")
        pairs = read_image_pairs(found_path(view, "source"), view.text("root_folder"))
        return cls(
            layer.tops,
            pairs,
            batch_size(view),
            read_size(view, "new"),
            view.flag("is_color"),
            replace(DataTransformer.of(layer), train=True),
            SampleOrder(len(pairs), seed, view.flag("shuffle")),
            first_item(view, len(pairs), seed),
        )

    def _path(self, position: int) -> str:
        return self.pairs[self.order.item(position)][0]

    def _item(self, position: int) -> Pair:
        """An image (c, h, w) and its edges (1, h, w), float32, mirrored and cropped alike."""
        path, label_path = self.pairs[self.order.item(position)]
        planes, labels = read_bgr(path, color=self.color), read_bgr(label_path, color=False)
        check_pair(planes, labels, label_path)
        if self.size is not None:
            planes, labels = resize_linear(planes, self.size), resize_linear(labels, self.size)
        window = self.transformer.draw_crop(planes.shape, self.order.draws(position), path)
        edges = window.of((labels >= _LEAST_EDGE).astype(np.float32))
        return self.transformer.apply_crop(planes, window), edges
