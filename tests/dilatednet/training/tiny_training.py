"""A data set of six small images and a narrow net, with which a training run takes seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from converter.dilatednet.training.loop import RunOptions
from converter.dilatednet.training.recipes import Recipe, recipe
from converter.dilatednet.training.run import Outcome, Start, train_stage
from converter.dilatednet.training.sources import from_lists
from converter.plan.stored_weights import read_weights

CLASSES = 3


def write_images(folder: Path, count: int = 6, height: int = 40, width: int = 52) -> tuple[Path, Path]:
    """Images whose brightness tells their label, a border of 255, and the two lists."""
    random = np.random.default_rng(0)
    for index in range(count):
        coarse = random.integers(0, CLASSES, (-(-height // 10), -(-width // 13)))
        label = np.repeat(np.repeat(coarse, 10, 0), 13, 1)[:height, :width].astype(np.uint8)
        image = 60 * label[..., None] + random.integers(0, 50, (height, width, 3))
        label[:2] = 255
        Image.fromarray(image.astype(np.uint8)).save(folder / f"image{index}.png")
        Image.fromarray(label).save(folder / f"label{index}.png")
    lists = folder / "images.txt", folder / "labels.txt"
    for path, stem in zip(lists, ("image", "label"), strict=True):
        path.write_text("\n".join(f"{folder}/{stem}{index}.png" for index in range(count)))
    return lists


def tiny(**overrides: object) -> Recipe:
    """A front end a thirty-second as wide as the published one, on crops that answer 2×2 cells."""
    narrow = {"classes": CLASSES, "width": 2, "fc_width": 8, "crop": 388, "batch": 2, "iterations": 8, "rate": 0.0001}
    return recipe("voc", "frontend", **{**narrow, **overrides})


def run(
    lists: tuple[Path, Path],
    folder: Path,
    chosen: Recipe,
    start: Start | None = None,
    device: str = "cpu",
    **options: object,
) -> Outcome:
    """Train, from scratch unless told otherwise; a checkpoint every third update."""
    settings = replace(RunOptions(folder, checkpoint_every=3, keep=2, log_every=1), **options)
    return train_stage(chosen, from_lists(*lists), settings, start or Start(from_scratch=True), device=device)


def blobs(path: Path | None) -> list[np.ndarray]:
    """Every array of a weights file, in order."""
    assert path is not None
    return [blob for layer in read_weights(path).values() for blob in layer]


def command(lists: tuple[Path, Path], folder: Path, *more: str) -> list[str]:
    """The `dilatednet train` arguments that do what `run` does with `tiny()`."""
    return [
        *("train", "frontend", "--preset", "voc", "--images", str(lists[0]), "--label-list", str(lists[1])),
        *("--out", str(folder), "--from-scratch", "--device", "cpu", "--workers", "0", "--classes", str(CLASSES)),
        *("--width", "2", "--fc-width", "8", "--crop", "388", "--batch", "2", "--rate", "0.0001"),
        *("--checkpoint-every", "3", "--keep", "2", "--log-every", "1", *more),
    ]
