"""Reading images of every kind that has a plain meaning as 8-bit RGB; what has none is refused.

An image that is turned by its EXIF orientation is turned upright, as every viewer and OpenCV's imread do.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from converter.data.image_kinds import DECODE_ERRORS, ImageArray, conversion, to_rgb
from converter.errors import ImageError
from converter.files.memory import check_memory
from converter.files.paths import is_file, is_there

FORMATS = ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF")
"""No others: some of Pillow's readers start other programs."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".pbm", ".tif", ".tiff", ".webp", ".gif")
"""How their files' names end, where a folder is searched."""

logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of a damaged file is said in our error
_LARGEST = 178_956_970
"""Pixels; more is taken for a bomb, by Pillow and here."""
_PIXEL_BYTES, _ROW_BYTES = 3, 16  # Pillow keeps the place of each row, too
_COPIES = 4
_SMALL = 1 << 25
_MOST_EXPANSION = 1100
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_KINDS = {"I": "32-bit grayscale", "F": "floating-point grayscale"}


def read_image(path: str | os.PathLike[str], kinds: Counter[str] | None = None) -> ImageArray:
    """The image at `path` as uint8 (h, w, 3), R, G, B in 0 to 255, as OpenCV's imread in color gives it.

    What is not 8-bit RGB becomes it (see `image_kinds`), and is counted in `kinds` by what it was.

    Raises:
        ImageError: missing, broken, truncated, not an image, of more than 178,956,970 pixels, of floating-point or
            32-bit numbers or another color space; or more pixels than a file of its size can hold.
        MemoryLimitError: its pixels do not fit into memory.
    """
    name = os.fspath(path)
    if not is_file(name):
        raise ImageError("no such image; check the path" if not is_there(name) else "not a file", path=name)
    try:
        return _decode(name, kinds)
    except _BOMB as error:
        raise ImageError(f"more than {_LARGEST} pixels; cut it into pieces", path=name) from error
    except MemoryError as error:
        raise ImageError("does not fit into memory; cut it into pieces", path=name) from error
    except DECODE_ERRORS as error:
        reason = "not an image of a known kind" if isinstance(error, UnidentifiedImageError) else str(error)
        raise ImageError(f"cannot be read: {reason}; want one of {', '.join(FORMATS)}, whole", path=name) from error


def check_pixels(image: Image.Image, held: int, name: str) -> None:
    """Refuse an image whose header promises more pixels than its file can hold, before any is decoded.

    Deflate expands to 1,032 times at most, and no photograph compresses so far; small images may.

    Args:
        image: opened, not loaded.
        held: the file's bytes.
        name: the file, for the error.

    Raises:
        ImageError: it does.
        MemoryLimitError: the pixels do not fit into memory.
    """
    width, height = image.size
    needed = (_PIXEL_BYTES * width + _ROW_BYTES) * height
    if needed > max(_SMALL, _MOST_EXPANSION * held):
        raise ImageError(f"{width}×{height} pixels in {held} bytes; it is damaged, or no photograph", path=name)
    check_memory(_COPIES * needed, f"an image of {width}×{height} pixels", path=name)


def _decode(name: str, kinds: Counter[str] | None) -> ImageArray:
    with Image.open(name, formats=FORMATS) as image:
        done = _check(image, name)
        check_pixels(image, Path(name).stat().st_size, name)
        image.load()
        pixels = np.array(to_rgb(_apply_exif(image)), dtype=np.uint8)
    if done and kinds is not None:
        kinds[done] += 1
    return pixels


def _apply_exif(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF data say, in its place; as it is stored where they are damaged."""
    with suppress(*DECODE_ERRORS):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _check(image: Image.Image, name: str) -> str:
    """What makes the image RGB, "" where it is; raises ImageError where it is too large or nothing does."""
    width, height = image.size
    if width < 1 or height < 1 or width * height > _LARGEST:
        raise ImageError(f"{width}×{height} pixels; expected 1 to {_LARGEST}; scale it or cut it", path=name)
    done = conversion(image)
    if done is None:
        kind = _KINDS.get(image.mode, f"an image of mode {image.mode}")
        raise ImageError(f"is {kind}; expected a photograph of 8 or 16 bits a channel; convert it first", path=name)
    return done
