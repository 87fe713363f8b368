"""PASCAL VOC 2012's segmentation task: VOCdevkit/VOC2012, its three lists, and `trainaug` with SBD's masks added."""

from __future__ import annotations

from pathlib import Path

from converter.data.datasets import sbd
from converter.data.datasets.folders import find_root, read_list
from converter.data.datasets.split import Layout, Sample
from converter.data.label_sets import PASCAL_VOC
from converter.data.labels import Labels, read_labels

TRAINAUG = "trainaug"
_BELOW = ("VOCdevkit/VOC2012", "VOC2012", "")


def samples(root: Path, split: str, sbd_root: Path | None = None) -> tuple[Sample, ...]:
    """The images of train, val or trainval in the order of their list; of trainaug, see `trainaug`.

    Raises:
        DatasetError: the root holds no VOC 2012 (or, for trainaug, no SBD), or a list does not read.
    """
    lists = ("train", "val") if split == TRAINAUG else (split,)
    needs = [f"ImageSets/Segmentation/{name}.txt" for name in lists] + ["SegmentationClass"]
    home = find_root(root, _BELOW, needs, "PASCAL VOC 2012")
    if split == TRAINAUG:
        return trainaug(home, sbd_root or root)
    return tuple(_sample(home, name) for name in _names(home, split))


def trainaug(home: Path, sbd_root: Path) -> tuple[Sample, ...]:
    """VOC's train images with VOC's masks, then SBD's train and val images that VOC's train and val do not name.

    With the published lists: 1,464 + 9,118 = 10,582.
    """
    train, held_out = _names(home, "train"), set(_names(home, "val"))
    own = tuple(_sample(home, name) for name in train if name not in held_out)
    taken = held_out | set(train)
    extra = (sample for part in ("train", "val") for sample in sbd.samples(sbd_root, part))
    added = {sample.name: sample for sample in extra if sample.name not in taken}
    return own + tuple(added[name] for name in sorted(added))


def _names(home: Path, split: str) -> tuple[str, ...]:
    """The image names a list holds."""
    return read_list(home / "ImageSets" / "Segmentation" / f"{split}.txt")


def _sample(home: Path, name: str) -> Sample:
    """Where one image and its mask lie."""
    return Sample(name, home / "JPEGImages" / f"{name}.jpg", home / "SegmentationClass" / f"{name}.png")


def ground_truth(sample: Sample) -> Labels:
    """Labels (h, w) uint8 of a mask in VOC's palette PNG, or in SBD's .mat."""
    return sbd.ground_truth(sample) if sample.labels.suffix == ".mat" else read_labels(sample.labels)


LAYOUT = Layout(
    name="voc",
    title="PASCAL VOC 2012",
    label_set=PASCAL_VOC,
    counts={"train": 1464, "val": 1449, "trainval": 2913, TRAINAUG: 10582},
    default_split="val",
    samples=samples,
    ground_truth=ground_truth,
)
