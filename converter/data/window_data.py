"""Caffe's WindowData layer: windows of images, object and background, warped to a square. No torch here.

Source: src/caffe/layers/window_data_layer.cpp. Windows, mirrors and images are drawn from our own seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.caffe_images import read_bgr, resize_linear
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.transforms import Array
from converter.data.window_file import Window, read_windows
from converter.errors import DatasetError
from converter.net.net import Layer


@dataclass(frozen=True, slots=True)
class WindowData:
    """Batches of (batch, c, crop, crop) windows and (batch,) labels: background first, then objects."""

    tops: tuple[str, ...]
    background: list[Window]
    objects: list[Window]
    channels: int
    batch: int
    object_share: float
    pad: int
    square: bool
    scale: float
    transformer: DataTransformer
    seed: int

    @classmethod
    def of(cls, layer: Layer, seed: int) -> WindowData:
        """The data that a window_data_param describes.

        Raises:
            DatasetError: a window file that does not read, or without windows of one of the two kinds.
            UnsupportedParameterError: no crop size.
        """
        params = layer.params()
        view, transform = params.message("window_data_param"), params.message("transform_param")
        if transform.integer("crop_size") < 1:
            raise transform.error("crop_size", "must be more than 0", "the layer cannot do without it")
        source = found_path(view, "source")
        windows, channels = read_windows(source, view.text("root_folder"))
        objects = [one for one in windows if one.overlap >= view.number("fg_threshold")]
        low = min(view.number("bg_threshold"), view.number("fg_threshold"))
        background = [one for one in windows if one.overlap < low]
        if not objects or not background:
            text = f"{len(objects)} object and {len(background)} background windows"
            raise DatasetError(f"{text}; expected some of both; check fg_threshold and bg_threshold", path=source)
        return cls(
            layer.tops,
            background,
            objects,
            channels,
            batch_size(view),
            view.number("fg_fraction"),
            view.integer("context_pad"),
            view.text("crop_mode") == "square",
            view.number("scale"),
            DataTransformer.of(layer),
            seed,
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops."""
        side = self.transformer.crop
        return dict(zip(self.tops, ((self.batch, self.channels, side, side), (self.batch,)), strict=False))

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top.

        Raises:
            ImageError: an image that does not read.
            DatasetError: a mean that does not fit.
        """
        side = self.transformer.crop
        check_batch(self.batch, (self.channels, side, side), self.objects[0].path)
        draws = np.random.default_rng((self.seed, number))
        objects = int(np.float32(self.batch) * np.float32(self.object_share))
        images, labels = [], []
        for place in range(self.batch):
            is_object = place >= self.batch - objects
            windows = self.objects if is_object else self.background
            window = windows[int(draws.integers(len(windows)))]
            mirrored = self.transformer.mirror and bool(draws.integers(2))
            images.append(self._warp(window, mirrored))
            labels.append(window.label if is_object else 0)
        return dict(zip(self.tops, (np.stack(images), np.array(labels, np.float32)), strict=False))

    def _warp(self, window: Window, mirrored: bool) -> Array:
        """A window as the net takes it; what lies beyond the image is 0, the mean's place."""
        planes = read_bgr(window.path)
        side = self.transformer.crop
        left, top, right, bottom = window.box
        before, size = (0, 0), (side, side)
        if self.pad or self.square:
            (left, top, right, bottom), before, size = self._with_context(window.box, planes.shape[1:], mirrored)
        part = resize_linear(planes[:, top : bottom + 1, left : right + 1], size)
        if mirrored:
            part = part[:, :, ::-1]
        whole = np.zeros((len(planes), side, side), np.float32)
        rows, columns = (slice(start, start + length) for start, length in zip(before, size, strict=True))
        whole[:, rows, columns] = self._normalize_size(part, rows, columns)
        return whole

    def _normalize_size(self, part: Array, rows: slice, columns: slice) -> Array:
        values = part.astype(np.float32)
        if self.transformer.mean is not None:
            off = (self.transformer.mean.shape[2] - self.transformer.crop) // 2
            values -= self.transformer.mean[
                :, rows.start + off : rows.stop + off, columns.start + off : columns.stop + off
            ]
        elif self.transformer.mean_values:
            values -= np.asarray(self.transformer.mean_values, np.float32)[:, None, None]
        return values * np.float32(self.scale)

    def _with_context(
        self, box: tuple[int, int, int, int], limits: tuple[int, ...], mirrored: bool
    ) -> tuple[tuple[int, int, int, int], tuple[int, int], tuple[int, int]]:
        """The box with context, cut to the image; where its warp begins in the square; and the warp's size."""
        side = self.transformer.crop
        half = [(box[3] - box[1] + 1) / 2, (box[2] - box[0] + 1) / 2]
        center = [box[1] + half[0], box[0] + half[1]]
        if self.square:
            half = [max(half)] * 2
        reach = side / (side - 2 * self.pad)
        spans, before, size = [], [], []
        for axis in (0, 1):
            low, high = (_round(center[axis] + sign * half[axis] * reach) for sign in (-1, 1))
            under, over = max(0, -low), max(0, high - limits[axis] + 1)
            scale = side / (high - low + 1)
            spans.append((low + under, high - over))
            length = _round((spans[axis][1] - spans[axis][0] + 1) * scale)
            start = _round((over if axis and mirrored else under) * scale)
            before.append(start)
            size.append(min(length, side - start))
        (top, bottom), (left, right) = spans
        return (left, top, right, bottom), (before[0], before[1]), (size[0], size[1])


def _round(value: float) -> int:
    """C's round: halves away from zero."""
    return int(np.floor(abs(value) + 0.5) * np.sign(value))
