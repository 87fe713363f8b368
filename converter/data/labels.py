"""Reading and writing label images: PNGs of class numbers as gray values, palette indices or colors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from converter.data.image_kinds import DECODE_ERRORS
from converter.data.images import FORMATS, check_pixels
from converter.errors import DatasetError
from converter.files.atomic import atomic_write

VOID = 255
VOID_COLOR = (224, 224, 192)

Labels = NDArray[np.uint8]


def read_labels(path: str | os.PathLike[str], colors: Sequence[tuple[int, int, int]] = ()) -> Labels:
    """The class numbers of a label image, (h, w) uint8.

    A gray image's values and a palette image's indices are the classes: decoding a palette image to gray, as
    OpenCV does, would give the brightness of a color instead. A color image is read only where `colors` (RGB by
    class; black is void) says what its colors mean.

    Raises:
        ImageError: more pixels than a file of its size can hold.
        DatasetError: missing, unreadable, larger than 8 bits, or in colors without a known meaning.
    """
    pixels, mode = _pixels(path)
    if mode in ("RGB", "RGBA"):
        return _from_colors(pixels[..., :3], colors, path)
    if pixels.ndim != 2:
        raise DatasetError(
            f"an image of mode {mode} holds no class numbers; want a gray or palette PNG", path=str(path)
        )
    if pixels.dtype != np.uint8 and pixels.size and (pixels.max() > VOID or pixels.min() < 0):
        raise DatasetError(f"labels up to {pixels.max()}; want class numbers of 0 to 255", path=str(path))
    return pixels.astype(np.uint8, copy=False)


def read_colored_labels(path: str | os.PathLike[str], colors: Sequence[tuple[int, int, int]]) -> Labels:
    """The class numbers (h, w) uint8 of an image that shows each class in its color, however it stores them.

    Raises:
        DatasetError: missing, unreadable, or with a color that belongs to no class.
    """
    return _from_colors(_pixels(path, "RGB")[0], colors, path)


def check_classes(
    labels: Labels,
    classes: int,
    path: str | None,
    *,
    counted: NDArray[np.bool_] | None = None,
    ignore: Sequence[int] = (VOID,),
    what: str = "label",
) -> None:
    """Refuse labels (h, w) with a value that is no class, in pixels that count (None: all but `ignore`).

    Raises:
        DatasetError: value, count and place of the first.
    """
    wrong = labels >= classes
    wrong &= ~np.isin(labels, ignore) if counted is None else counted
    if wrong.any():
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        value, left = labels[row, column], f", or {' or '.join(map(str, ignore))} for pixels that do not count"
        raise DatasetError(
            f"{what} {value} in {int((labels[wrong] == value).sum())} pixels, the first at row {row}, column {column}; "
            f"expected 0 to {classes - 1}{left if ignore else ''}",
            path=path,
        )


def check_one_size(image: tuple[int, ...], labels: tuple[int, ...], image_path: str, label_path: str) -> None:
    """Refuse labels (h, w) that are not as large as their image (h, w, …); raises DatasetError, naming both files."""
    if image[:2] != labels:
        seen = f"{labels[1]}×{labels[0]} labels for the {image[1]}×{image[0]} pixels of {image_path}"
        raise DatasetError(f"{seen}; expected equal sizes; check which belong together", path=label_path)


def _pixels(path: str | os.PathLike[str], convert: str = "") -> tuple[NDArray[Any], str]:
    """An image's values and mode, converted to another mode where one is given."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            check_pixels(image, Path(path).stat().st_size, str(path))
            seen = image.convert(convert) if convert else image
            return np.asarray(seen), seen.mode
    except (*DECODE_ERRORS, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"not a readable label image: {error}; want a PNG of class numbers", path=str(path)
        ) from error


def _from_colors(
    pixels: NDArray[np.uint8], colors: Sequence[tuple[int, int, int]], path: str | os.PathLike[str]
) -> Labels:
    """Classes of an RGB image (h, w, 3) by a table; black is void unless the table gives it to a class."""
    if not colors:
        text = "a color image, not class numbers; want a gray or palette PNG, or what its colors mean (--color-map)"
        raise DatasetError(text, path=str(path))
    codes = (pixels.astype(np.uint32) * np.array([65536, 256, 1], np.uint32)).sum(axis=2, dtype=np.uint32)
    known = {0: VOID} | {(r << 16) + (g << 8) + b: index for index, (r, g, b) in enumerate(colors)}
    seen, where = np.unique(codes, return_inverse=True)
    unknown = [int(code) for code in seen if int(code) not in known]
    if unknown:
        color = (unknown[0] >> 16, unknown[0] >> 8 & 255, unknown[0] & 255)
        places = np.argwhere(codes == unknown[0])
        raise DatasetError(
            f"color {color} belongs to no class ({len(unknown)} such): {len(places)} pixels, the first at row "
            f"{places[0][0]}, column {places[0][1]}; want the data set's {len(colors)} colors, or black for void",
            path=str(path),
        )
    return np.array([known[int(code)] for code in seen], np.uint8)[where].reshape(codes.shape)


def write_labels(path: str | os.PathLike[str], labels: Labels, colors: Sequence[Sequence[int]] = ()) -> None:
    """Write classes (h, w) uint8 as a palette PNG in the given RGB colors (gray without), whole or not at all.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    image = Image.fromarray(labels)
    if len(colors):
        table = np.zeros((256, 3), np.uint8)
        table[: len(colors)] = np.asarray(colors, np.uint8)
        table[VOID] = VOID_COLOR
        image.putpalette(table.tobytes())
    with atomic_write(Path(path)) as file:
        image.save(file, format="PNG")
