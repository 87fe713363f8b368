"""Images as OpenCV hands them to Caffe's data layers: B, G, R or gray, resized linearly. No torch here.

Source: src/caffe/util/io.cpp (ReadImageToCVMat, DecodeDatumToCVMat), OpenCV's resize.cpp (INTER_LINEAR, 8 bits).
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from converter.data.image_kinds import DECODE_ERRORS
from converter.data.images import FORMATS, check_pixels
from converter.data.transforms import Array
from converter.errors import ImageError
from converter.files.memory import check_memory

_BITS = 11
"""Fraction bits of OpenCV's weights."""

_WIDTH = 8
"""Bytes of a number on the way between two sizes."""


def read_bgr(path: str, size: tuple[int, int] | None = None, *, color: bool = True) -> Array:
    """An image file as planes uint8, (3, h, w) B, G, R or (1, h, w) gray.

    Args:
        path: the file.
        size: height and width to resize to; None keeps the file's.
        color: whether gray images become B, G, R, or colors gray.

    Raises:
        ImageError: missing, or no image of a known kind.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}; check the list and root_folder", path=path) from error
    planes = decode_bgr(data, path, color=color)
    return planes if size is None else resize_linear(planes, size)


def decode_bgr(data: bytes, where: str, *, color: bool | None) -> Array:
    """An encoded image as planes uint8, (3, h, w) B, G, R or (1, h, w) gray; `color` None keeps what it is.

    Raises:
        ImageError: no image of a known kind.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_pixels(image, len(data), where)
            gray = image.mode in ("1", "L", "LA") if color is None else not color
            if gray:
                image.draft("L", image.size)  # a JPEG's own luminance, as OpenCV takes it
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("L" if gray else "RGB"))
    except (*DECODE_ERRORS, Image.DecompressionBombError) as error:
        raise ImageError(f"cannot be decoded: {error}; want one of {', '.join(FORMATS)}, whole", path=where) from error
    return pixels[None] if gray else pixels[:, :, ::-1].transpose(2, 0, 1)


def resize_linear(planes: Array, size: tuple[int, int]) -> Array:
    """Planes uint8 (c, h, w) at another height and width, rounded as OpenCV's 8-bit INTER_LINEAR does.

    Raises:
        MemoryLimitError: they do not fit into memory.
    """
    if planes.shape[1:] == size:
        return planes
    channels, height, width = planes.shape
    wide_numbers = channels * (height + 3 * size[0]) * size[1] + channels * height * width
    check_memory(_WIDTH * wide_numbers, f"an image of {size[1]}×{size[0]} pixels")
    rows, columns = (_taps(old, new) for old, new in zip(planes.shape[1:], size, strict=True))
    first, share = columns
    wide = planes.astype(np.int64)
    last = planes.shape[2] - 1
    across = wide[:, :, first] * share[0] + wide[:, :, np.minimum(first + 1, last)] * share[1]
    first, share = rows
    last = planes.shape[1] - 1
    upper, lower = across[:, first] >> 4, across[:, np.minimum(first + 1, last)] >> 4
    total = ((upper * share[0][:, None]) >> 16) + ((lower * share[1][:, None]) >> 16) + 2
    resized: Array = np.clip(total >> 2, 0, 255).astype(np.uint8)
    return resized


def _taps(old: int, new: int) -> tuple[Array, tuple[Array, Array]]:
    """For each new position the first of its two old ones, and both weights in units of 1/2048."""
    place = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    share = place - first.astype(np.float32)
    share[first < 0] = 0
    share[first >= old - 1] = 0
    first = np.clip(first, 0, old - 1)
    scale = np.float32(1 << _BITS)
    return first, (np.rint((1 - share) * scale).astype(np.int64), np.rint(share * scale).astype(np.int64))
