"""fyu's ImageLabelData layer as a data set: images with their label maps, extended, cropped, mirrored and sampled.

Source: fyu/caffe-dilation, src/caffe/layers/image_label_data_layer.cpp. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from converter.data.images import read_image
from converter.data.labels import check_one_size, read_labels
from converter.data.sampling import SampleOrder
from converter.data.transforms import (
    Array,
    LabelSlice,
    Padding,
    crop_window,
    pad_reflect,
    pad_to_crop,
    preprocess,
    rescale,
)
from converter.errors import DatasetError


@dataclass(frozen=True, slots=True)
class ImageLabelSettings:
    """The layer's numbers; `mean` is B, G, R (or one value for all); `scales` draws a factor per item where set.

    Raises:
        DatasetError: a label slice that reaches outside the crop.
    """

    crop: int
    label_slice: LabelSlice
    mean: tuple[float, ...] = ()
    scale: float = 1.0
    padding: Padding = "REFLECT"
    mirror: bool = False
    train: bool = False
    scales: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        ends = [int(axis[-1]) for axis in self.label_slice.rows_and_columns()]
        if self.crop < 1 or max(ends) >= self.crop:
            message = (
                f"the label slice ends at row {ends[0]}, column {ends[1]}; expected less than the crop {self.crop}"
            )
            raise DatasetError(f"{message}; choose dim = (crop - 2 × offset) / stride")


@dataclass(frozen=True, slots=True)
class ImageLabelData:
    """Items by position (see `SampleOrder`): `data[n]` is (image float32 (3, crop, crop), label float32 (1, h, w)).

    `pairs` are paths of images and label maps; `read` makes uint8 (h, w) class indices of a label path. Palette files
    give their indices: Caffe would take the luminance of their colors, which trains nothing. Reading an item raises
    ImageError or DatasetError where a file is bad, or image and label map differ in size.
    """

    pairs: list[tuple[str, str]]
    settings: ImageLabelSettings
    order: SampleOrder
    read: Callable[[str], Array] = read_labels

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> tuple[Array, Array]:
        path, label = self.pairs[self.order.item(position)]
        image, map_ = read_image(path), self.read(label)
        check_one_size(image.shape, map_.shape, path, label)
        return prepare(image, map_, self.settings, self.order.draws(position))


def prepare(
    image: Array, label: Array, settings: ImageLabelSettings, draws: np.random.Generator
) -> tuple[Array, Array]:
    """One item: image uint8 (h, w, 3) R G B and label map uint8 (h, w) → float32 (3, crop, crop) B G R and (1, *dim).

    Random numbers are drawn as: scale, mirror, row, column; the test phase crops the center and draws none for it.
    """
    if settings.scales is not None:
        image, label = rescale(image, label, float(draws.uniform(*settings.scales)))
    down, across = settings.label_slice.offset
    image, label = pad_reflect(image, label, (down, down), (across, across), settings.padding)
    image, label = pad_to_crop(image, label, settings.crop, settings.padding)
    mirrored = settings.mirror and bool(draws.integers(2))
    window = crop_window(label.shape, settings.crop, draws if settings.train else None)
    image, label = image[window], label[window]
    if mirrored:
        image, label = image[:, ::-1], label[:, ::-1]
    kept = settings.label_slice.take(label).astype(np.float32)
    return preprocess(image, settings.mean, settings.scale), kept[None]
