"""SBD, the Semantic Boundaries Dataset (Hariharan et al. 2011): VOC's classes on 11,355 images, in .mat files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from converter.data.datasets.folders import find_root, read_list
from converter.data.datasets.split import Sample
from converter.data.labels import Labels
from converter.errors import DatasetError

COUNTS = {"train": 8498, "val": 2857, "train_noval": 5623}
_BELOW = ("benchmark_RELEASE/dataset", "dataset", "", "sbd/benchmark_RELEASE/dataset", "SBD/benchmark_RELEASE/dataset")


def samples(root: Path, split: str, _sbd: Path | None = None) -> tuple[Sample, ...]:
    """The images of train, val or (its list is a download of its own) train_noval, in the order of their list.

    Raises:
        DatasetError: the root holds no SBD, or the list does not read.
    """
    home = find_root(root, _BELOW, ("cls", f"{split}.txt"), "SBD (benchmark_RELEASE)")
    names = read_list(home / f"{split}.txt")
    return tuple(Sample(name, home / "img" / f"{name}.jpg", home / "cls" / f"{name}.mat") for name in names)


def ground_truth(sample: Sample) -> Labels:
    """Labels (h, w) uint8 out of `GTcls.Segmentation`; SBD marks no void.

    Raises:
        DatasetError: scipy is not installed, or the file holds no such mask.
    """
    mask = np.asarray(_load(sample.labels))
    if mask.ndim != 2 or mask.dtype.kind not in "ui" or (mask.size and mask.max() > 255):
        raise DatasetError(
            f"GTcls.Segmentation is {mask.dtype} {mask.shape}; want class numbers (h, w)", path=str(sample.labels)
        )
    return mask.astype(np.uint8)


def _load(path: Path) -> Any:
    """The array stored under GTcls.Segmentation."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise DatasetError(
            "SBD's masks are .mat files, which scipy reads; pip install scipy", path=str(path)
        ) from error
    try:
        return loadmat(path)["GTcls"][0]["Segmentation"][0]
    except Exception as error:  # scipy's own, zlib's, struct's, and whatever a damaged header leads to
        raise DatasetError(
            f"not a readable SBD mask ({type(error).__name__}: {error}); want GTcls.Segmentation in a MATLAB 5 file",
            path=str(path),
        ) from error
