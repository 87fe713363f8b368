"""VOC roots made on the spot, and confusion counted by a loop over pixels."""

from pathlib import Path

import numpy as np
from PIL import Image


def make_voc(root: Path, pictures: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    home = root / "VOCdevkit" / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (home / folder).mkdir(parents=True)
    (home / "ImageSets" / "Segmentation" / "val.txt").write_text("".join(f"{name}\n" for name in pictures))
    for name, (image, ground_truth) in pictures.items():
        Image.fromarray(image).save(home / "JPEGImages" / f"{name}.jpg", format="PNG")
        Image.fromarray(ground_truth).save(home / "SegmentationClass" / f"{name}.png")
    return root


def slow_confusion(ground_truth: np.ndarray, prediction: np.ndarray, counts: list[list[int]]) -> None:
    for t, p in zip(ground_truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if t != 255:
            counts[t][p] += 1


def blank() -> list[list[int]]:
    return [[0] * 21 for _ in range(21)]


def made_truth(labels: np.ndarray) -> np.ndarray:
    ground_truth = np.roll(labels, (3, 7), (0, 1))
    ground_truth[::9] = 255
    return ground_truth
