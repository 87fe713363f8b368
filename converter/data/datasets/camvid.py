"""CamVid with the paper's eleven classes: SegNet's folders (its class order mapped) or folders in the paper's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converter.data.datasets.folders import find_root, no_root, read_list, unknown_split
from converter.data.datasets.split import Layout, Sample
from converter.data.label_sets import CAMVID
from converter.data.labels import VOID, Labels, read_labels
from converter.errors import DatasetError

COUNTS = {"train": 367, "val": 101, "test": 233}
SEGNET = ("sky", "building", "pole", "road", "sidewalk", "tree", "sign", "fence", "car", "pedestrian", "bicyclist")
_TITLE = "CamVid"
_BELOW = ("", "CamVid", "camvid")
_FROM_SEGNET = np.full(256, VOID, np.uint8)
_FROM_SEGNET[: len(SEGNET)] = [CAMVID.classes.index(name) for name in SEGNET]


def samples(root: Path, split: str, _sbd: Path | None = None) -> tuple[Sample, ...]:
    """The images of train, val or test (the paper's val has 100 images, SegNet's 101).

    Two layouts: SegNet's, SPLIT/NAME.png with SPLITannot/NAME.png; or images/NAME.png with labels/NAME.png and a list
    SPLIT.txt of names, the labels in the paper's class order (gray or palette) or colors.

    Raises:
        DatasetError: the root holds neither.
    """
    if split not in COUNTS:
        raise unknown_split(_TITLE, split, tuple(COUNTS))
    for below in _BELOW:
        home = root / below
        if (home / f"{split}annot").is_dir():
            return _in_folders(home / split, home / f"{split}annot")
    try:
        home = find_root(root, _BELOW, ("labels", f"{split}.txt"), _TITLE)
    except DatasetError:
        raise no_root(root, _BELOW, (f"{split}annot/ (SegNet's layout)", f"labels/ with {split}.txt"), _TITLE) from None
    names = [name.removesuffix(".png") for name in read_list(home / f"{split}.txt")]
    return tuple(Sample(name, home / "images" / f"{name}.png", home / "labels" / f"{name}.png") for name in names)


def _in_folders(images: Path, labels: Path) -> tuple[Sample, ...]:
    """Every truth of a folder with the image of its name in another."""
    return tuple(Sample(path.stem, images / path.name, path) for path in sorted(labels.glob("*.png")))


def ground_truth(sample: Sample) -> Labels:
    """Labels (h, w) uint8 in the paper's order, 255 void.

    Raises:
        DatasetError: unreadable, or in SegNet's folders a label beyond its 12.
    """
    labels = read_labels(sample.labels, CAMVID.palette)
    if not sample.labels.parent.name.endswith("annot"):
        return labels
    beyond = labels[(labels > len(SEGNET)) & (labels != VOID)]
    if beyond.size:
        raise DatasetError(
            f"label {beyond.max()} in SegNet's order; want 0 to 10 and 11 for void", path=str(sample.labels)
        )
    return _FROM_SEGNET[labels]


LAYOUT = Layout("camvid", _TITLE, CAMVID, COUNTS, "test", samples, ground_truth)
