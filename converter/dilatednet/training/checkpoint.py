"""What a run leaves on disk to go on from: whole files, the newest few kept.

A checkpoint holds the weights, the optimizer's memory, and how many updates and items are past. Order, augmentation
and dropout are functions of the seed and these counts, so no generator's state is needed. What recipe made it stands in
the folder's record (`converter.files.folder_record`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from converter.errors import TrainingError
from converter.files.atomic import atomic_write
from converter.formats.weights.pth import read_saved, save_object

_NAME = re.compile(r"checkpoint-(\d{8})\.pt")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after `iteration` updates and `position` items."""

    iteration: int
    position: int
    current_step: int
    weights: Mapping[str, torch.Tensor]
    optimizer: Mapping[str, Any]


def checkpoints(folder: Path) -> list[Path]:
    """A run's checkpoints, oldest first."""
    return sorted(path for path in folder.glob("checkpoint-*.pt") if _NAME.fullmatch(path.name))


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint whole or not at all, then delete all but the newest `keep`.

    Raises:
        OutputError: it cannot be written.
    """
    path = folder / f"checkpoint-{checkpoint.iteration:08d}.pt"
    values = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
    with atomic_write(path) as file:
        save_object(values, file)
    for old in checkpoints(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def load_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint, its tensors on the CPU.

    Raises:
        TrainingError: it does not read, or is none of ours.
    """

    def refuse(reason: str) -> TrainingError:
        text = f"this checkpoint does not read: {reason}; delete it to go on from the one before"
        return TrainingError(text, path=str(path))

    values = read_saved(path, refuse)
    if not isinstance(values, dict):
        raise refuse("it holds something else")
    missing = [name for name in Checkpoint.__slots__ if name not in values]
    if missing:
        raise refuse(f"it has no {', '.join(missing)}")
    return Checkpoint(**{name: values[name] for name in Checkpoint.__slots__})


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint of a run; None where there is none."""
    found = checkpoints(folder)
    return load_checkpoint(found[-1]) if found else None
