"""Window files of R-CNN: for each image its path, its sizes, and its windows with class and overlap. No torch here.

Source: src/caffe/layers/window_data_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from converter.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Window:
    """One window: the image's path, the class, its overlap with an object, and x1, y1, x2, y2, both ends included."""

    path: str
    label: int
    overlap: float
    box: tuple[int, int, int, int]


def read_windows(path: str, root: str = "") -> tuple[list[Window], int]:
    """The windows of a file, and the images' channels; `root` is put before the images' paths as it is.

    Raises:
        DatasetError: the file cannot be read, is empty, or breaks off.
    """
    try:
        words = iter(Path(path).read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"this window file cannot be read: {error}; name a text file", path=path) from error
    windows: list[Window] = []
    channels = 0
    try:
        for mark in words:
            if mark != "#":
                raise DatasetError("no '#' where an image should begin; correct it", path=path)
            next(words)
            image = root + next(words)
            channels, _height, _width = (int(next(words)) for _ in range(3))
            windows += [_window(image, words) for _ in range(int(next(words)))]
    except (StopIteration, RuntimeError, ValueError) as error:
        text = "this window file breaks off or holds no number where one should be"
        raise DatasetError(f"{text}; expected '# index, path, channels, height, width, windows'", path=path) from error
    if not channels:
        raise DatasetError("this window file is empty; expected images with windows", path=path)
    return windows, channels


def _window(image: str, words: Iterator[str]) -> Window:
    label, overlap = int(next(words)), float(next(words))
    x1, y1, x2, y2 = (int(next(words)) for _ in range(4))
    return Window(image, label, overlap, (x1, y1, x2, y2))
