"""Data of one's own: images paired with label images, by two lists line by line or by name in two folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.data.datasets.split import Layout, Sample, Split
from converter.data.images import SUFFIXES
from converter.data.label_sets import RGB, LabelSet
from converter.data.labels import VOID, Labels, check_classes, read_colored_labels, read_labels
from converter.errors import DatasetError

NAME = "lists"
_LABEL_SUFFIXES = (".png", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm")


@dataclass(frozen=True, slots=True)
class OwnTruth:
    """Reads label images of `classes` classes: gray values or palette indices, or by their `colors` where given.

    `ignore`: values that do not count. Picklable, so that other processes can have it.
    """

    classes: int
    colors: tuple[RGB, ...] = ()
    ignore: tuple[int, ...] = (VOID,)

    def __call__(self, sample: Sample) -> Labels:
        """Class numbers uint8 (h, w), 255 where pixels do not count.

        Raises:
            DatasetError: unreadable, or a value or color that is no class.
        """
        if self.colors:
            return read_colored_labels(sample.labels, self.colors)
        labels = read_labels(sample.labels)
        ignored = np.isin(labels, self.ignore)
        check_classes(labels, self.classes, str(sample.labels), counted=~ignored, ignore=self.ignore)
        labels = labels.copy()
        labels[ignored] = VOID
        return labels


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """Where images and label images lie: two folders, or two lists of paths; either side may be missing ("")."""

    images: str = ""
    labels_dir: str = ""
    label_list: str = ""


def open_own(files: OwnFiles, label_set: LabelSet, ground_truth: OwnTruth) -> Split:
    """The pairs as a split; an image's name is its path below the folder (of lists, below what all share).

    Raises:
        DatasetError: no such folder or list, nothing in it, lists of different lengths, or two images of one name.
    """
    images = _paths(files.images, SUFFIXES) if files.images else None
    given = files.labels_dir or files.label_list
    labels = _paths(given, _LABEL_SUFFIXES) if given else None
    if images is None and labels is None:
        raise DatasetError("no data; give --images DIR and --labels-dir DIR, or --images LIST and --label-list LIST")
    if images is not None and labels is not None:
        samples = _by_line(images, labels, files) if files.label_list else _by_name(images, labels, files)
    else:
        samples = [Sample(name, path, path) for name, path in (images or labels or {}).items()]
    place = files.images or given
    layout = Layout(NAME, "Own data", label_set, {}, "", _no_samples, ground_truth)
    return Split(layout, place, Path(place), tuple(samples))


def _no_samples(_root: Path, _split: str, _sbd: Path | None = None) -> tuple[Sample, ...]:
    """Own data have no layout that could be searched."""
    return ()


def _by_name(images: Mapping[str, Path], labels: Mapping[str, Path], files: OwnFiles) -> list[Sample]:
    """Every image with the label image of its name; what is missing is named as it would be called."""
    if not set(images) & set(labels):
        first = f"{next(iter(images))} and {next(iter(labels))} first"
        text = f"no name stands in both {files.images} and {files.labels_dir}: {first}; give label images their names"
        raise DatasetError(text, path=files.labels_dir)
    folders = Path(files.images), Path(files.labels_dir)
    return [
        Sample(name, images.get(name, folders[0] / f"{name}.png"), labels.get(name, folders[1] / f"{name}.png"))
        for name in sorted({**images, **labels})
    ]


def _by_line(images: Mapping[str, Path], labels: Mapping[str, Path], files: OwnFiles) -> list[Sample]:
    if len(images) != len(labels):
        text = f"{len(labels)} label images for {len(images)} images in {files.images}; pair the lists line by line"
        raise DatasetError(text, path=files.label_list)
    return [Sample(name, image, label) for (name, image), label in zip(images.items(), labels.values(), strict=True)]


def _paths(place: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The files of a folder (of folders below it too) or of a list, by name without suffix."""
    folder = Path(place)
    if folder.is_dir():
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and _plain(path, folder))
    else:
        paths = _listed(folder)
        folder = Path(os.path.commonpath([path.parent for path in paths])) if paths else folder
    if not paths:
        raise DatasetError(f"nothing here; expected {' '.join(suffixes)} files, or a list of them", path=place)
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in paths]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(f"{len(twice)} names are there twice: {twice[0]}; rename one", path=place)
    return dict(zip(names, paths, strict=True))


def _plain(path: Path, folder: Path) -> bool:
    """Whether a file lies in no hidden place below `folder`."""
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _listed(path: Path) -> list[Path]:
    """A list's paths, one a line, as they are or from the list's own folder."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"no folder, and no list that reads: {error}; name either", path=str(path)) from error
    return [Path(line) if Path(line).exists() else path.parent / line for line in lines]
