"""What a stage trains on: pairs of files out of a data set's split or two lists, as items by position."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from converter.data.bin_label_data import BinLabelData, BinLabelSettings
from converter.data.datasets.split import Sample, Split
from converter.data.image_label_data import ImageLabelData, ImageLabelSettings
from converter.data.label_sets import LabelSet
from converter.data.labels import Labels, check_classes, read_labels
from converter.data.list_files import read_bin, read_pairs
from converter.data.sampling import SampleOrder
from converter.data.transforms import Array, LabelSlice
from converter.dilatednet.inference.tiles import MARGIN
from converter.dilatednet.training.recipes import SHRINK, Recipe
from converter.errors import ConversionError, DatasetError

Pairs: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Truth:
    """Reads a label path as its data set has it; picklable, so that loading processes can have it."""

    names: dict[str, Sample]
    split: Split

    def __call__(self, path: str) -> Labels:
        """Class indices uint8 (h, w), 255 void."""
        return self.split.layout.ground_truth(self.names[path])


@dataclass(frozen=True, slots=True)
class CheckedTruth:
    """Reads a label path, and refuses values that are no class of the net; picklable."""

    read: Callable[[str], Labels]
    classes: int

    def __call__(self, path: str) -> Labels:
        """Class indices uint8 (h, w), 255 void; raises DatasetError."""
        labels = self.read(path)
        check_classes(labels, self.classes, path)
        return labels


@dataclass(frozen=True, slots=True)
class Source:
    """Pairs of input and label files, and how label files are read (None: as class indices).

    `features` is the folder of maps that stand in the images' place.
    """

    pairs: Pairs
    read: Truth | None = None
    features: Path | None = None

    @property
    def labels(self) -> LabelSet | None:
        """The classes' names and colors, where the data set has them."""
        return self.read.split.layout.label_set if self.read else None


def from_split(split: Split, features: str | os.PathLike[str] | None = None, *, only_present: bool = False) -> Source:
    """A split's images with their labels; with `features`, that folder's NAME.bin in the images' place.

    `only_present` leaves images without a map out.

    Raises:
        DatasetError: maps are missing (all of them, with `only_present`).
    """
    pairs = [(str(_input(item, features)), str(item.labels)) for item in split.samples]
    if features is not None:
        missing = [path for path, _ in pairs if not Path(path).is_file()]
        if missing and (not only_present or len(missing) == len(pairs)):
            message = f"{len(missing)} of {len(pairs)} feature maps are not there, {missing[0]} first"
            raise DatasetError(f"{message}; make them with 'dilatednet features'", path=str(features))
        pairs = [pair for pair in pairs if pair[0] not in set(missing)]
    ground_truth = Truth({str(item.labels): item for item in split.samples}, split)
    return Source(pairs, ground_truth, Path(features) if features is not None else None)


def map_path(folder: Path, item: Sample) -> Path:
    """Where an image's stored features lie, or would lie."""
    return folder / f"{item.name}.bin"


def _input(item: Sample, features: str | os.PathLike[str] | None) -> Path:
    return item.image if features is None else map_path(Path(features), item)


def from_lists(inputs: str | os.PathLike[str], labels: str | os.PathLike[str], folder: str = "") -> Source:
    """Two lists of paths, each put behind `folder` as it is; raises DatasetError as `read_pairs`."""
    return Source([(folder + one, folder + other) for one, other in read_pairs(inputs, labels)])


def image_items(source: Source, recipe: Recipe, mean: Sequence[float], classes: int) -> ImageLabelData:
    """Items of the front-end and joint stages: images extended by 186 by reflection, labels of the cells alone."""
    stride = recipe.label_stride
    cells = (recipe.crop - SHRINK) // stride
    kept = LabelSlice((cells, cells), (stride, stride), (MARGIN, MARGIN))
    settings = ImageLabelSettings(recipe.crop, kept, tuple(mean), mirror=recipe.mirror, train=True)
    order = SampleOrder(len(source.pairs), recipe.seed)
    return ImageLabelData(source.pairs, settings, order, CheckedTruth(source.read or read_labels, classes))


def feature_items(source: Source, recipe: Recipe, classes: int) -> BinLabelData:
    """Items of the context stage: whole feature maps with the label under each cell's top-left pixel.

    Raises:
        DatasetError: the first map does not read, or is of another number of classes.
    """
    path = source.pairs[0][0]
    found, *cells = read_bin(path).shape
    if found != classes:
        text = f"a map of {found} classes for a context module of {classes}; make the maps again, or give --classes"
        raise DatasetError(text, path=path)
    stride = recipe.label_stride
    kept = LabelSlice((cells[0] * 8 // stride, cells[1] * 8 // stride), (stride, stride))
    settings = BinLabelSettings(kept, mirror=recipe.mirror, shape=(cells[0], cells[1]))
    order = SampleOrder(len(source.pairs), recipe.seed)
    return BinLabelData(source.pairs, settings, order, CheckedTruth(source.read or read_labels, classes))


@dataclass(frozen=True, slots=True)
class TrainingItems:
    """Items as training takes them: (input float32, labels int64 (h, w)), labels of `classes` classes."""

    data: ImageLabelData | BinLabelData
    classes: int

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, position: int) -> tuple[Array, Array]:
        values, label = self.data[position]
        return values, label[0].astype(np.int64)

    def get(self, position: int) -> tuple[Array, Array] | ConversionError:
        """The item, or what is wrong with it: an error crosses processes whole as a value only."""
        try:
            return self[position]
        except ConversionError as error:
            return error
