"""Cityscapes: leftImg8bit and gtFine's labelIds, mapped to the 19 classes that are trained and scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converter.data.datasets.folders import find_root, unknown_split
from converter.data.datasets.split import Layout, Sample
from converter.data.label_sets import CITYSCAPES
from converter.data.labels import VOID, Labels, read_labels
from converter.errors import DatasetError

LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
COUNTS = {"train": 2975, "val": 500, "test": 1525}
_TRAIN_IDS = np.full(256, VOID, np.uint8)
_TRAIN_IDS[list(LABEL_IDS)] = np.arange(len(LABEL_IDS))
_IMAGE, _TRUTH = "_leftImg8bit.png", "_gtFine_labelIds.png"


def samples(root: Path, split: str, _sbd: Path | None = None) -> tuple[Sample, ...]:
    """Every gtFine truth of a split with its image, by city and name; an image is called CITY/NAME_leftImg8bit.

    Raises:
        DatasetError: the root holds no gtFine of this split, or no truth in it.
    """
    if split not in COUNTS:
        raise unknown_split("Cityscapes", split, tuple(COUNTS))
    home = find_root(root, ("", "cityscapes", "Cityscapes"), (f"gtFine/{split}",), "Cityscapes")
    ground_truths = sorted((home / "gtFine" / split).glob(f"*/*{_TRUTH}"))
    if not ground_truths:
        raise DatasetError(
            f"no CITY/*{_TRUTH} in it; unpack gtFine_trainvaltest.zip here", path=str(home / "gtFine" / split)
        )
    return tuple(_image_path(home / "leftImg8bit" / split, path) for path in ground_truths)


def _image_path(images: Path, path: Path) -> Sample:
    """The image that belongs to a truth file."""
    name = f"{path.parent.name}/{path.name.removesuffix(_TRUTH)}{_IMAGE}"
    return Sample(name.removesuffix(".png"), images / name, path)


def ground_truth(sample: Sample) -> Labels:
    """Labels (h, w) uint8: 0 to 18, everything that is not scored 255."""
    return _TRAIN_IDS[read_labels(sample.labels)]


LAYOUT = Layout("cityscapes", "Cityscapes", CITYSCAPES, COUNTS, "val", samples, ground_truth)
