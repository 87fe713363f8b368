"""Every kind of image as 8-bit RGB, as OpenCV's imread in color makes it (fyu/dilation reads by it), and what was done.

Gray is repeated, transparency dropped (not laid over a ground), CMYK converted by its plain formula, of 16 bits the
upper 8 kept (Pillow rounds those of a PPM in color), of several images the first taken.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

ImageArray = npt.NDArray[np.uint8]

DECODE_ERRORS = (
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

_KINDS = {
    "1": "1-bit",
    "L": "grayscale",
    "LA": "grayscale (transparency dropped)",
    "PA": "palette (transparency dropped)",
    "RGBA": "RGB (transparency dropped)",
    "RGBa": "RGB (transparency dropped)",
    "RGBX": "RGB (transparency dropped)",
    "CMYK": "CMYK",
}
_PLAIN = ("RGB", "P", "YCbCr")
_DEEP = "16-bit (upper 8 bits kept)"
_FULL = 65535


def conversion(image: Image.Image) -> str | None:
    """What makes an opened image RGB, as words for a note; "" where it is 8-bit RGB, None where nothing does."""
    if has_16_bits(image):
        return _DEEP
    if image.mode not in _PLAIN and image.mode not in _KINDS:
        return None
    if image.format not in {"MPO", "JPEG"} and getattr(image, "n_frames", 1) > 1:
        return "of several frames (the first taken)"
    if image.mode in _PLAIN and "transparency" in image.info:
        return "palette (transparency dropped)" if image.mode == "P" else "RGB (transparency dropped)"
    return _KINDS.get(image.mode, "")


def to_rgb(image: Image.Image) -> Image.Image:
    """An image that `conversion` knows, as mode RGB."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.uint32) >> 8
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def has_16_bits(image: Image.Image) -> bool:
    """Whether the file holds 16 bits a channel; must be asked before the image is loaded."""
    if image.mode.startswith("I;16"):
        return True
    for codec, _, _, arguments in getattr(image, "tile", ()):
        words = arguments if isinstance(arguments, tuple) else (arguments,)
        if any(isinstance(word, str) and ";16" in word for word in words):
            return True
        if codec.startswith("ppm") and any(isinstance(word, int) and word > 255 for word in words):
            return True
    return False


def count_conversions(paths: Iterable[Path], formats: tuple[str, ...]) -> Counter[str]:
    """How many images of each kind are not 8-bit RGB, by their headers; files that do not read are left out."""
    found: Counter[str] = Counter()
    for path in paths:
        try:
            with Image.open(path, formats=formats) as image:
                found[conversion(image) or ""] += 1
        except (*DECODE_ERRORS, Image.DecompressionBombError):  # told where the pixels are read
            continue
    del found[""]
    return found


def conversion_note(kinds: Counter[str]) -> str:
    """One line about images that became RGB; "" where none did."""
    if not kinds:
        return ""
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return f"images that are not 8-bit RGB become it, as OpenCV reads them: {listed}"
