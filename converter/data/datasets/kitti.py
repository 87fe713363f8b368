"""KITTI as labelled by Ros et al. (WACV 2015): 100 training and 46 test images of odometry, eleven classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converter.data.datasets.folders import find_root, no_root, unknown_split
from converter.data.datasets.split import Layout, Sample
from converter.data.label_sets import KITTI
from converter.data.labels import VOID, Labels, read_labels
from converter.errors import DatasetError

COUNTS = {"train": 100, "test": 46}
FOLDERS = {"train": "Training_00", "test": "Validation_07"}
ROS = ("sky", "building", "road", "sidewalk", "fence", "tree", "pole", "car", "sign", "pedestrian", "bicyclist")
_TITLE = "KITTI (Ros et al.)"
_BELOW = ("", "KITTI_SEMANTIC", "kitti", "KITTI")
_FROM_ROS = np.full(256, VOID, np.uint8)
_FROM_ROS[: len(ROS)] = [KITTI.classes.index(name) for name in ROS]


def samples(root: Path, split: str, _sbd: Path | None = None) -> tuple[Sample, ...]:
    """The images of train or test: FOLDER/RGB/NAME.png, truth in FOLDER/GT (colors) or else FOLDER/GT_ind (numbers).

    Raises:
        DatasetError: the root holds no such folders.
    """
    if split not in COUNTS:
        raise unknown_split(_TITLE, split, tuple(COUNTS))
    folder = FOLDERS[split]
    for labels in ("GT", "GT_ind"):
        needs = f"{folder}/{labels}"
        if any((root / below / needs).is_dir() for below in _BELOW):
            home = find_root(root, _BELOW, (needs,), _TITLE) / folder
            return tuple(
                Sample(path.stem, home / "RGB" / path.name, path) for path in sorted((home / labels).glob("*.png"))
            )
    raise no_root(root, _BELOW, (f"{folder}/GT", f"{folder}/RGB"), _TITLE)


def ground_truth(sample: Sample) -> Labels:
    """Labels (h, w) uint8 in the paper's order, 255 void; the numbers in GT_ind are in Ros' order with 11 for void.

    Raises:
        DatasetError: unreadable, or a label beyond Ros' 12.
    """
    labels = read_labels(sample.labels, KITTI.palette)
    if sample.labels.parent.name != "GT_ind":
        return labels
    beyond = labels[(labels > len(ROS)) & (labels != VOID)]
    if beyond.size:
        raise DatasetError(f"label {beyond.max()} in Ros' order; want 0 to 10 and 11 for void", path=str(sample.labels))
    return _FROM_ROS[labels]


LAYOUT = Layout("kitti", _TITLE, KITTI, COUNTS, "test", samples, ground_truth)
