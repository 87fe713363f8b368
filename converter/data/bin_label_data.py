"""fyu's BinLabelData layer as a data set: feature maps from .bin files with their label maps, mirrored together.

Source: fyu/caffe-dilation, src/caffe/layers/bin_label_data_layer.cpp. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from converter.data.labels import read_labels
from converter.data.list_files import Array, read_bin
from converter.data.sampling import SampleOrder
from converter.data.transforms import LabelSlice
from converter.errors import DatasetError


@dataclass(frozen=True, slots=True)
class BinLabelSettings:
    """The layer's numbers; `bin_slice` None keeps the whole map. Caffe mirrors by default, in the test phase too.

    `shape`: rows and columns that every map of a batch must have after slicing; None does not look.
    """

    label_slice: LabelSlice
    bin_slice: LabelSlice | None = None
    mirror: bool = True
    shape: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class BinLabelData:
    """Items by position (see `SampleOrder`): `data[n]` is (features float32 (c, h, w), label float32 (1, *dim)).

    `pairs` are paths of .bin files and label maps. Reading an item raises DatasetError or ImageError where a file is
    bad. `read` makes uint8 (h, w) class indices of a label path.
    """

    pairs: list[tuple[str, str]]
    settings: BinLabelSettings
    order: SampleOrder
    read: Callable[[str], Array] = read_labels

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> tuple[Array, Array]:
        features, label = self.pairs[self.order.item(position)]
        map_ = _slice(read_bin(features), self.settings.bin_slice, features)
        if self.settings.shape not in (None, map_.shape[1:]):
            seen = f"a map of {map_.shape[1]}×{map_.shape[2]}; expected {self.settings.shape}, as the first of the list"
            raise DatasetError(f"{seen}; train on images of one number of tiles", path=features)
        kept = self.settings.label_slice.take(self.read(label)).astype(np.float32)[None]
        # The sliced label is flipped, not the label before slicing: its sampling phase moves by stride - 1 pixels.
        if self.settings.mirror and self.order.draws(position).integers(2):
            map_, kept = map_[..., ::-1], kept[..., ::-1]
        return np.ascontiguousarray(map_, np.float32), np.ascontiguousarray(kept)


def _slice(features: Array, slice_: LabelSlice | None, path: str) -> Array:
    """The rows and columns of (c, h, w) that a bin_slice keeps."""
    if slice_ is None:
        return features
    rows, columns = slice_.rows_and_columns()
    if rows[-1] >= features.shape[1] or columns[-1] >= features.shape[2]:
        message = (
            f"bin_slice ends at row {rows[-1]}, column {columns[-1]} of a {features.shape[1]}×{features.shape[2]} map"
        )
        raise DatasetError(f"{message}; expected less; lower its dim, stride or offset", path=path)
    return features[:, rows[:, None], columns[None, :]]
