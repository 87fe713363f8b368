"""Caffe's transform_param: crop, mirror, mean, scale of one item of a data layer. No torch here.

Source: src/caffe/data_transformer.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.files.paths import is_there
from converter.formats.mean import read_mean
from converter.net.net import Layer
from converter.net.params import Params


class CropWindow(NamedTuple):
    """What is kept of an item: rows and columns, from right to left where it is mirrored."""

    mirrored: bool
    rows: slice
    columns: slice

    def of(self, planes: Array) -> Array:
        """What is kept of planes (c, h, w)."""
        kept = planes[:, self.rows, self.columns]
        return kept[:, :, ::-1] if self.mirrored else kept


@dataclass(frozen=True, slots=True)
class DataTransformer:
    """The numbers of a transform_param.

    Attributes:
        scale: factor behind the mean's subtraction.
        crop: side of the crop, 0 for none; drawn in training, else centered.
        mirror: whether items are mirrored at random.
        train: the phase.
        mean_values: one for all channels or one each; () for none.
        mean: mean image (c, h, w) of the uncropped size; None for none.
    """

    scale: float = 1.0
    crop: int = 0
    mirror: bool = False
    train: bool = False
    mean_values: tuple[float, ...] = ()
    mean: Array | None = None

    @classmethod
    def of(cls, layer: Layer) -> DataTransformer:
        """The transform_param of a layer; its mean file is relative to the working folder, or beside the prototxt.

        Raises:
            UnsupportedParameterError: mean_file and mean_value together.
            CaffemodelError: a mean file that does not read.
        """
        view = layer.params().message("transform_param")
        values = view.numbers("mean_value")
        if values and view.has("mean_file"):
            raise view.error("mean_file", "stands beside mean_value", "use one of them")
        return cls(
            view.number("scale"),
            view.integer("crop_size"),
            view.flag("mirror"),
            layer.phase == "train",
            values,
            read_mean(found_path(view, "mean_file")) if view.has("mean_file") else None,
        )

    def apply(self, planes: Array, draws: np.random.Generator, where: str) -> Array:
        """One item as the net takes it, float32.

        Args:
            planes: (c, h, w), channels as they are to be.
            draws: random numbers: mirror first, then row and column of the crop.
            where: the item's name, for errors.

        Raises:
            DatasetError: the item is smaller than the crop, or the mean does not fit it.
        """
        return self.apply_crop(planes, self.draw_crop(planes.shape, draws, where))

    def draw_crop(self, shape: tuple[int, ...], draws: np.random.Generator, where: str) -> CropWindow:
        """What is kept of an item (c, h, w), for the labels that go with it; see `apply` for arguments and errors."""
        self._check(shape, where)
        mirrored = self.mirror and bool(draws.integers(2))
        rows, columns = (self._window(size, draws) for size in shape[1:])
        return CropWindow(mirrored, rows, columns)

    def apply_crop(self, planes: Array, window: CropWindow) -> Array:
        """What is kept of an item, less its mean, scaled: float32."""
        values = planes[:, window.rows, window.columns].astype(np.float32)
        if self.mean is not None:
            values = values - self.mean[:, window.rows, window.columns]
        elif self.mean_values:
            values = values - np.asarray(self.mean_values, np.float32)[:, None, None]
        if window.mirrored:
            values = values[:, :, ::-1]
        return np.ascontiguousarray(values * np.float32(self.scale), dtype=np.float32)

    def _window(self, size: int, draws: np.random.Generator) -> slice:
        if not self.crop:
            return slice(0, size)
        spare = size - self.crop
        start = int(draws.integers(spare + 1)) if self.train else spare // 2
        return slice(start, start + self.crop)

    def _check(self, shape: tuple[int, ...], where: str) -> None:
        if min(shape[1:]) < self.crop:
            raise DatasetError(f"{shape} is smaller than crop_size {self.crop}; lower it or resize", path=where)
        if self.mean is not None and self.mean.shape != shape:
            raise DatasetError(f"{shape} for a mean of {self.mean.shape}; make the mean of such images", path=where)
        if len(self.mean_values) not in (0, 1, shape[0]):
            count = len(self.mean_values)
            raise DatasetError(f"{shape[0]} channels and {count} mean_value; give one, or one a channel", path=where)


def found_path(view: Params, name: str) -> str:
    """A path that a field names: against the working folder, as Caffe has it, or beside the prototxt."""
    path = view.text(name)
    beside = Path(view.record.where.path).parent / path
    return str(beside) if not is_there(path) and is_there(beside) else path
