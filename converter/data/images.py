"""Reading images: 8-bit color in, uint8 RGB out; every other kind is refused with what to do about it.

An image that is turned by its EXIF orientation is turned upright, as every viewer and OpenCV's imread do.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from converter.errors import ImageError
from converter.files.memory import check_memory
from converter.files.paths import is_file, is_there

ImageArray = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF")
"""No others: some of Pillow's readers start other programs."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".pbm", ".tif", ".tiff", ".webp", ".gif")
"""How their files' names end, where a folder is searched."""

_LARGEST = 178_956_970
"""Pixels; more is taken for a bomb, by Pillow and here."""
_PIXEL_BYTES = 3
_COPIES = 4
_SMALL = 1 << 26
_MOST_EXPANSION = 1100
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
    *(
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        OverflowError,
        IndexError,
        KeyError,
        TypeError,
        struct.error,
        zlib.error,
    ),
    UserWarning,  # Pillow's word for damage it reads past, where the caller made warnings errors
)
_RECIPE = "magick IN -alpha off -colorspace sRGB -type TrueColor -depth 8 PNG24:OUT.png"
_KINDS = {
    "1": "black and white (1 bit)",
    "L": "grayscale",
    "LA": "grayscale with transparency",
    "PA": "a palette image with transparency",
    "RGBA": "RGB with transparency (RGBA)",
    "RGBa": "RGB with transparency (RGBA)",
    "CMYK": "CMYK",
    "I": "32-bit grayscale",
    "F": "floating-point grayscale",
}


def read_image(path: str | os.PathLike[str]) -> ImageArray:
    """The image at `path` as uint8 (h, w, 3), R, G, B in 0 to 255. Opaque palette images give their colors.

    Raises:
        ImageError: missing, broken, truncated, not an image, of more than 178,956,970 pixels, animated, or of a kind
            on which the nets were not trained: grayscale, transparent, CMYK, more than 8 bits a channel; or more
            pixels than a file of its size can hold.
        MemoryLimitError: its pixels do not fit into memory.
    """
    name = os.fspath(path)
    if not is_file(name):
        raise ImageError("no such image; check the path" if not is_there(name) else "not a file", path=name)
    try:
        return _decode(name)
    except _BOMB as error:
        raise ImageError(f"more than {_LARGEST} pixels; cut it into pieces", path=name) from error
    except MemoryError as error:
        raise ImageError("does not fit into memory; cut it into pieces", path=name) from error
    except _BROKEN as error:
        reason = "not an image of a known kind" if isinstance(error, UnidentifiedImageError) else str(error)
        raise ImageError(f"cannot be read: {reason}; want one of {', '.join(FORMATS)}, whole", path=name) from error


def check_pixels(image: Image.Image, held: int, name: str) -> None:
    """Refuse a picture whose header promises more pixels than its file can hold, before any is decoded.

    Deflate expands to 1,032 times at most, and no photograph compresses so far; small pictures may.

    Args:
        image: opened, not loaded.
        held: the file's bytes.
        name: the file, for the error.

    Raises:
        ImageError: it does.
        MemoryLimitError: the pixels do not fit into memory.
    """
    width, height = image.size
    needed = _PIXEL_BYTES * width * height
    if needed > max(_SMALL, _MOST_EXPANSION * held):
        raise ImageError(f"{width}×{height} pixels in {held} bytes; it is damaged, or no photograph", path=name)
    check_memory(_COPIES * needed, f"a picture of {width}×{height} pixels", path=name)


def _decode(name: str) -> ImageArray:
    with Image.open(name, formats=FORMATS) as image:
        _refuse(image, name)
        check_pixels(image, Path(name).stat().st_size, name)
        image.load()
        return np.array(_apply_exif(image).convert("RGB"), dtype=np.uint8)


def _apply_exif(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF data say; as it is stored where they are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        return image


def _has_16_bits(image: Image.Image) -> bool:
    """Whether the file holds more than 8 bits a channel, which Pillow would cut to 8 in silence."""
    if image.mode.startswith("I;16"):
        return True
    for codec, _, _, arguments in getattr(image, "tile", ()):
        words = arguments if isinstance(arguments, tuple) else (arguments,)
        if any(isinstance(word, str) and ";16" in word for word in words):
            return True
        if codec.startswith("ppm") and any(isinstance(word, int) and word > 255 for word in words):
            return True
    return False


def _refuse(image: Image.Image, name: str) -> None:
    """Raise an ImageError for every kind of image that has no plain meaning as 8-bit RGB."""
    width, height = image.size
    if width < 1 or height < 1 or width * height > _LARGEST:
        raise ImageError(f"{width}×{height} pixels; expected 1 to {_LARGEST}; scale it or cut it", path=name)
    kind = "an image of 16 bits a channel" if _has_16_bits(image) else _KINDS.get(image.mode)
    if kind is None and "transparency" in image.info:
        kind = "an image with a transparent color"
    if kind is None and image.format not in {"MPO", "JPEG"} and getattr(image, "n_frames", 1) > 1:
        kind = f"an animation or stack of {getattr(image, 'n_frames', 1)} images"
    if kind is None and image.mode not in {"RGB", "P", "YCbCr"}:
        kind = f"of mode {image.mode}"
    if kind:
        raise ImageError(f"is {kind}; expected 8-bit RGB; convert it first: {_RECIPE}", path=name)
