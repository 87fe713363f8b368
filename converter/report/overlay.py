"""Images of a prediction: labels in their data set's colors, laid over the photograph."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
from PIL import Image

from converter.files.atomic import atomic_write

Pixels = npt.NDArray[np.uint8]


def overlay(image: Pixels, labels: Pixels, palette: Pixels, strength: float = 0.5) -> Pixels:
    """The photograph mixed with its labels' colors: uint8 (h, w, 3).

    Args:
        image: uint8 (h, w, 3), R, G, B.
        labels: uint8 (h, w).
        palette: uint8 (classes, 3), R, G, B. Black (VOC's background) leaves the photograph as it is.
        strength: share of the label's color, 0 to 1.
    """
    shares = np.where(palette.any(axis=1), strength, 0.0).astype(np.float32)[:, None]
    tint, rest = palette * shares, 1 - shares
    mixed = np.empty_like(image)
    for row, classes in enumerate(labels):
        mixed[row] = np.rint(image[row] * rest[classes] + tint[classes])
    return mixed


def save_image(path: str | os.PathLike[str], pixels: Pixels) -> None:
    """Write uint8 (h, w, 3) R, G, B as PNG, whole or not at all.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    with atomic_write(path) as file:
        Image.fromarray(pixels).save(file, format="PNG")
