"""What the layers that read images named in a list share: sizes, where they begin, batches. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from converter.data.batches import check_batch
from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.net.params import Params

Size = tuple[int, int]
Pair = tuple[Array, Array]

_SKIP_STREAM = 2


class ListedImages:
    """Batches of a layer whose items a list names: `_item` gives one, `_path` its image's file."""

    __slots__ = ()
    tops: tuple[str, ...]
    batch: int
    start: int

    def _item(self, position: int) -> Pair:
        raise NotImplementedError

    def _path(self, position: int) -> str:
        raise NotImplementedError

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the first batch has them."""
        return {top: value.shape for top, value in self.inputs(0).items()}

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top.

        Raises:
            ImageError: an image that does not read.
            DatasetError: an item that does not fit: its label map of another size, itself of another size than the
                batch's first, or smaller than the crop.
        """
        first = self.start + number * self.batch
        batch = gather(range(first, first + self.batch), self._item, self._path)
        return dict(zip(self.tops, batch, strict=False))


def read_size(view: Params, what: str) -> Size | None:
    """`what`_height and `what`_width; None: neither is set.

    Raises:
        UnsupportedParameterError: one is set without the other.
    """
    size = view.integer(f"{what}_height", 0), view.integer(f"{what}_width", 0)
    if (size[0] > 0) != (size[1] > 0):
        raise view.error(f"{what}_height", f"and {what}_width go together", "set both or none")
    return size if size[0] else None


def first_item(view: Params, count: int, seed: int) -> int:
    """Where a list of `count` items begins: a number below rand_skip.

    Raises:
        UnsupportedParameterError: it reaches beyond the list.
    """
    skip = view.integer("rand_skip", 0)
    if skip > count:
        raise view.error("rand_skip", f"is {skip}", f"the list has {count} images")
    return int(np.random.default_rng((seed, _SKIP_STREAM)).integers(skip)) if skip else 0


def read_image_pairs(path: str, root: str) -> list[tuple[str, str]]:
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


def check_pair(planes: Array, labels: Array, label_path: str) -> None:
    """Refuse labels (1, h, w) of another size than their image (c, h, w).

    Raises:
        DatasetError: they are.
    """
    if planes.shape[1:] != labels.shape[1:]:
        text = f"{labels.shape[1:]} for an image of {planes.shape[1:]}; make both of one size"
        raise DatasetError(text, path=label_path)


def resize_nearest(planes: Array, size: Size | None) -> Array:
    """Planes (c, h, w) at another size, each pixel the one at its share of the old size (OpenCV's INTER_NEAREST)."""
    if size is None or planes.shape[1:] == size:
        return planes
    rows, columns = (np.arange(new) * old // new for old, new in zip(planes.shape[1:], size, strict=True))
    taken: Array = planes[:, rows[:, None], columns]
    return taken


def gather(positions: range, item: Callable[[int], Pair], path: Callable[[int], str]) -> Pair:
    """A batch of images (batch, c, h, w) and of their labels, (batch,) or (batch, 1, h, w).

    Args:
        positions: those of its items.
        item: gives the image and the label at a position.
        path: gives the image's file at a position, for errors.

    Raises:
        DatasetError: an image of another size than the batch's first; whatever `item` raises.
        ShapeError, MemoryLimitError: see `check_batch`.
    """
    images: list[Array] = []
    labels: list[Array] = []
    for position in positions:
        image, label = item(position)
        images.append(image)
        labels.append(label)
        if len(images) == 1:
            planes = len(image) + (len(label) if label.ndim else 0)
            check_batch(len(positions), (planes, *image.shape[1:]), path(position))
        if image.shape != images[0].shape:
            text = f"{image.shape} in a batch of {images[0].shape}"
            raise DatasetError(f"{text}; set new_height and new_width, or batch_size: 1", path=path(position))
    return np.stack(images), np.stack(labels)
