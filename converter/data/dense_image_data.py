"""SegNet's DenseImageData layer: images and label maps named in a list. No torch here.

Source: alexgkendall/caffe-segnet, src/caffe/layers/dense_image_data_layer.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.caffe_images import read_bgr
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.sampling import SampleOrder
from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.net.net import Layer
from converter.net.params import Params

_SKIP_STREAM = 2
_Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DenseImageData:
    """Batches of (batch, c, h, w) images and (batch, 1, h, w) labels; pairs of one batch have one size.

    `pairs` are paths of images and label maps; `size` is what both are resized to, `crop` what is cut out of them at
    random in every phase; None: neither. `mirror`: whether pairs are mirrored at random.
    """

    tops: tuple[str, ...]
    pairs: list[tuple[str, str]]
    batch: int
    size: _Size | None
    crop: _Size | None
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
        pairs = _read_pairs(found_path(view, "source"), view.text("root_folder", ""))
        skip = view.integer("rand_skip", 0)
        if skip > len(pairs):
            raise view.error("rand_skip", f"is {skip}", f"the list has {len(pairs)} images")
        return cls(
            layer.tops,
            pairs,
            batch_size(view, 1),
            _size(view, "new"),
            _size(view, "crop"),
            view.flag("is_color", True),
            view.flag("mirror", False),
            replace(transformer, train=False),
            SampleOrder(len(pairs), seed, view.flag("shuffle", False)),
            int(np.random.default_rng((seed, _SKIP_STREAM)).integers(skip)) if skip else 0,
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the first batch has them."""
        return {top: value.shape for top, value in self.inputs(0).items()}

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top.

        Raises:
            ImageError: an image that does not read.
            DatasetError: a pair of two sizes, of another size than the batch's first, or smaller than the crop.
        """
        first = self.start + number * self.batch
        images, labels = [], []
        for position in range(first, first + self.batch):
            image, label = self._pair(position)
            path = self.pairs[self.order.item(position)][0]
            images.append(image)
            labels.append(label)
            if len(images) == 1:
                check_batch(self.batch, (len(image) + len(label), *image.shape[1:]), path)
            if image.shape != images[0].shape:
                text = f"{image.shape} in a batch of {images[0].shape}"
                raise DatasetError(f"{text}; set new_height and new_width, or batch_size: 1", path=path)
        return dict(zip(self.tops, (np.stack(images), np.stack(labels)), strict=False))

    def _pair(self, position: int) -> tuple[Array, Array]:
        """An image (c, h, w) and its labels (1, h, w), float32, mirrored and cropped alike."""
        path, label_path = self.pairs[self.order.item(position)]
        planes = read_bgr(path, self.size, color=self.color)
        labels = _nearest(read_bgr(label_path, color=False), self.size)
        if planes.shape[1:] != labels.shape[1:]:
            text = f"{labels.shape[1:]} for an image of {planes.shape[1:]}; make both of one size"
            raise DatasetError(text, path=label_path)
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


def _size(view: Params, what: str) -> _Size | None:
    """`what`_height and `what`_width.

    Raises:
        UnsupportedParameterError: one is set without the other.
    """
    size = view.integer(f"{what}_height", 0), view.integer(f"{what}_width", 0)
    if (size[0] > 0) != (size[1] > 0):
        raise view.error(f"{what}_height", f"and {what}_width go together", "set both or none")
    return size if size[0] else None


def _read_pairs(path: str, root: str) -> list[tuple[str, str]]:
    """Images and label maps, every two words of a list, each behind `root` as it is.

    Raises:
        DatasetError: the list cannot be read, is empty, or ends with an image alone.
    """
    try:
        words = Path(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"this list cannot be read: {error}; name a text file of paths", path=path) from error
    if not words or len(words) % 2:
        text = f"{len(words)} words; expected 'image label' a line, paths without blanks; correct it"
        raise DatasetError(text, path=path)
    return [(root + image, root + label) for image, label in zip(words[::2], words[1::2], strict=True)]


def _nearest(planes: Array, size: _Size | None) -> Array:
    """Planes (c, h, w) at another size, each pixel the one at its share of the old size (OpenCV's INTER_NEAREST)."""
    if size is None or planes.shape[1:] == size:
        return planes
    rows, columns = (np.arange(new) * old // new for old, new in zip(planes.shape[1:], size, strict=True))
    taken: Array = planes[:, rows[:, None], columns]
    return taken
