"""Images and label maps together: scale, extend by reflection, pad to a crop, crop, mirror, sample labels.

Source: fyu/caffe-dilation, src/caffe/layers/image_label_data_layer.cpp and src/caffe/data_transformer.cpp. Images are
uint8 (h, w, 3), label maps uint8 (h, w) with 255 for pixels that do not count. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from converter.data.reflection import reflect101
from converter.errors import DatasetError

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Padding: TypeAlias = Literal["REFLECT", "ZERO"]
IGNORED = 255


@dataclass(frozen=True, slots=True)
class LabelSlice:
    """Which positions of a label map are kept: rows offset + r × stride for r < dim, columns likewise."""

    dim: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    offset: tuple[int, int] = (0, 0)

    def rows_and_columns(self) -> tuple[Array, Array]:
        """The source rows (dim[0],) and columns (dim[1],)."""
        rows, columns = (
            self.offset[axis] + np.arange(self.dim[axis], dtype=np.int64) * self.stride[axis] for axis in (0, 1)
        )
        return rows, columns

    def take(self, label: Array) -> Array:
        """The kept positions of `label` (h, w), shape `dim`; positions outside it are 255, as BinLabelData has it."""
        rows, columns = self.rows_and_columns()
        height, width = label.shape
        kept: Array = label[np.minimum(rows, height - 1)[:, None], np.minimum(columns, width - 1)[None, :]].copy()
        kept[rows >= height, :] = IGNORED
        kept[:, columns >= width] = IGNORED
        return kept


def pad_reflect(
    image: Array, label: Array, rows: tuple[int, int], columns: tuple[int, int], padding: Padding
) -> tuple[Array, Array]:
    """Both maps with `rows` = (above, below) and `columns` = (left, right) added; new labels are 255."""
    if padding == "REFLECT":
        down, across = (
            reflect101(np.arange(-before, size + after), size)
            for size, (before, after) in zip(label.shape, (rows, columns), strict=True)
        )
        image = image[down[:, None], across[None, :]]
    else:
        image = np.pad(image, (rows, columns, (0, 0)))
    return image, np.pad(label, (rows, columns), constant_values=IGNORED)


def pad_to_crop(image: Array, label: Array, crop: int, padding: Padding) -> tuple[Array, Array]:
    """Image (h, w, 3) and labels (h, w), extended to at least `crop` × `crop`.

    The odd row of a deficit goes below, the odd column to the left: fyu's source passes left and right swapped.
    """
    down, across = (max(0, crop - size) for size in label.shape)
    if not down and not across:
        return image, label
    rows = (down // 2, down - down // 2)
    return pad_reflect(image, label, rows, (across - across // 2, across // 2), padding)


def crop_window(shape: tuple[int, ...], crop: int, draws: np.random.Generator | None) -> tuple[slice, slice]:
    """Rows and columns of a `crop` × `crop` window: drawn from `draws` in training, centred where it is None."""
    spare = (shape[0] - crop, shape[1] - crop)
    row, column = (extra // 2 if draws is None else int(draws.integers(extra + 1)) for extra in spare)
    return slice(row, row + crop), slice(column, column + crop)


def place_window(planes: Array, size: tuple[int, int], starts: Sequence[int], beyond: int) -> Array:
    """A window of planes (c, h, w), (c, *size), from row and column `starts` on; `beyond` where it has no planes."""
    window = np.full((len(planes), *size), beyond, planes.dtype)
    into, of = [], []
    for old, new, start in zip(planes.shape[1:], size, starts, strict=True):
        first = max(0, -start)
        end = max(first, min(new, old - start))
        into.append(slice(first, end))
        of.append(slice(first + start, end + start))
    window[:, into[0], into[1]] = planes[:, of[0], of[1]]
    return window


def preprocess(image: Array, mean: tuple[float, ...] | Array, scale: float = 1.0) -> Array:
    """An image as the nets take it: R, G, B uint8 (h, w, 3) → B, G, R float32 (3, h, w), (pixel - mean) × scale.

    `mean`: B, G, R, an array (3, 1, 1) or (3, h, w), or empty for none. On a device `to_bgr_planes` of
    `converter.pytorch.transform` does the same.
    """
    planes = image[..., ::-1].transpose(2, 0, 1).astype(np.float32)
    if len(mean):
        offset = np.asarray(mean, np.float32)
        planes = planes - (offset[:, None, None] if offset.ndim == 1 else offset)
    return np.ascontiguousarray(planes * np.float32(scale) if scale != 1.0 else planes)


def undo_preprocess(planes: Array, mean: tuple[float, ...]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Undo `preprocess`: B, G, R (3, h, w) plus the mean (B, G, R), rounded to R, G, B uint8 (h, w, 3)."""
    pixels = planes + np.asarray(mean, np.float64)[:, None, None]
    return np.ascontiguousarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8).transpose(1, 2, 0)[..., ::-1])


def rescale(image: Array, label: Array, factor: float) -> tuple[Array, Array]:
    """Image (h, w, 3) and labels (h, w), `factor` times as large.

    Labels by nearest neighbor; images bicubic up, by area averages down.

    Caffe uses OpenCV here; Pillow's filters stand in for it, so values differ slightly from the fork's. Its scale draws
    are not reproducible in any case (seeded from the machine's entropy).

    Raises:
        DatasetError: nothing would be left of the image.
    """
    from PIL import Image

    height, width = (round(size * factor) for size in label.shape)
    if height < 1 or width < 1:
        raise DatasetError(f"a scale of {factor} leaves {height}×{width} pixels; expected 1×1 or more; raise min_scale")
    method = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.BOX
    resized = np.asarray(Image.fromarray(image).resize((width, height), method))
    rows, columns = (_nearest(old, new) for old, new in zip(label.shape, (height, width), strict=True))
    return resized, label[rows[:, None], columns[None, :]]


def _nearest(old: int, new: int) -> Array:
    """Source positions of OpenCV's nearest neighbor: floor(position × old / new)."""
    return np.minimum((np.arange(new, dtype=np.float64) * (old / new)).astype(np.int64), old - 1)
