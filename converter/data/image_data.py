"""Caffe's ImageData layer: images and labels named in a list. No torch here.

Source: src/caffe/layers/image_data_layer.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.data.batches import batch_size
from converter.data.caffe_images import read_bgr
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.listed_images import ListedImages, Pair, Size, first_item, read_size
from converter.data.sampling import SampleOrder
from converter.errors import DatasetError
from converter.net.net import Layer


@dataclass(frozen=True, slots=True)
class ImageData(ListedImages):
    """Batches of (batch, c, h, w) images and (batch,) labels; images of one batch have one size.

    `lines` are paths with labels; `size` is what images are resized to, None where they keep theirs.
    """

    tops: tuple[str, ...]
    lines: list[tuple[str, int]]
    batch: int
    size: Size | None
    color: bool
    transformer: DataTransformer
    order: SampleOrder
    start: int = 0

    @classmethod
    def of(cls, layer: Layer, seed: int) -> ImageData:
        """The data that an image_data_param describes.

        Raises:
            DatasetError: a list that does not read or is empty.
            UnsupportedParameterError: numbers that the layer cannot use.
        """
        view = layer.params().message("image_data_param")
        root = view.text("root_folder")
        lines = [(root + name, label) for name, label in read_lines(found_path(view, "source"))]
        return cls(
            layer.tops,
            lines,
            batch_size(view),
            read_size(view, "new"),
            view.flag("is_color"),
            DataTransformer.of(layer),
            SampleOrder(len(lines), seed, view.flag("shuffle")),
            first_item(view, len(lines), seed),
        )

    def _path(self, position: int) -> str:
        return self.lines[self.order.item(position)][0]

    def _item(self, position: int) -> Pair:
        """An image (c, h, w) and its label (), float32."""
        path, label = self.lines[self.order.item(position)]
        planes = read_bgr(path, self.size, color=self.color)
        return self.transformer.apply(planes, self.order.draws(position), path), np.asarray(label, np.float32)


def read_lines(path: str) -> list[tuple[str, int]]:
    """`name label` a line; the label follows the last blank, so that names may hold blanks.

    Raises:
        DatasetError: the list cannot be read, is empty, or a line has no whole number.
    """
    try:
        lines = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"this list cannot be read: {error}; name a text file of paths", path=path) from error
    if not lines:
        raise DatasetError("this list is empty; expected 'path label' a line; check how it was made", path=path)
    found = []
    for number, line in enumerate(lines, 1):
        name, _, label = line.rstrip().rpartition(" ")
        try:
            found.append((name, int(label)))
        except ValueError:
            text = f"line {number} does not end in a label; expected 'path label', the label a whole number"
            raise DatasetError(f"{text}; correct it", path=path, line=number) from None
    return found
