"""What a data set's reader gives: its classes, and the images of one split with their truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from converter.data.label_sets import LabelSet
from converter.data.labels import Labels


@dataclass(frozen=True)
class Sample:
    """One image of a split: its name (a prediction is looked for as NAME.png), and where it and its truth lie."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class Layout:
    """How one data set lies on disk.

    counts: images by split, as published. images(root, split, sbd): the images a root lists, in order.
    truth(image): its labels, uint8 (h, w), classes 0 to n - 1 and 255 void.
    """

    name: str
    title: str
    label_set: LabelSet
    counts: Mapping[str, int]
    default_split: str
    samples: Callable[[Path, str, Path | None], tuple[Sample, ...]]
    ground_truth: Callable[[Sample], Labels]


@dataclass(frozen=True)
class Split:
    """The images of one split, and what was remarkable in opening it (`notes`, for people)."""

    layout: Layout
    name: str
    root: Path
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, by label."""
        return self.layout.label_set.classes

    @property
    def colors(self) -> tuple[tuple[int, int, int], ...]:
        """RGB colors, by label."""
        return self.layout.label_set.palette
