"""Batches by position: which items each process takes for each pass, loaded ahead by other processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from converter.data.transforms import Array
from converter.dilatednet.training.distributed import Processes
from converter.dilatednet.training.interruption import ignore_signals
from converter.dilatednet.training.sources import TrainingItems
from converter.errors import ConversionError

Item: TypeAlias = tuple[Array, Array] | ConversionError
Loaded: TypeAlias = tuple[Tensor, Tensor] | ConversionError


@dataclass(frozen=True, slots=True)
class Schedule:
    """`passes` more passes from item `position` on; each takes `batch` items a process, processes side by side."""

    position: int
    passes: int
    batch: int
    rank: int
    count: int

    def __iter__(self) -> Iterator[list[int]]:
        for index in range(self.passes):
            start = self.position + (index * self.count + self.rank) * self.batch
            yield list(range(start, start + self.batch))

    def __len__(self) -> int:
        return self.passes


class _Readable(Dataset[Item]):
    """Items as torch's loader wants them; a bad one is an error as a value."""

    def __init__(self, items: TrainingItems) -> None:
        self.items = items

    def __getitem__(self, position: int) -> Item:
        return self.items.get(position)


def _collate(items: list[Item]) -> Loaded:
    """A batch of items, or the first error among them."""
    whole = [item for item in items if not isinstance(item, ConversionError)]
    if len(whole) < len(items):
        return next(item for item in items if isinstance(item, ConversionError))
    values, labels = zip(*whole, strict=True)
    return torch.from_numpy(np.stack(values)), torch.from_numpy(np.stack(labels))


def batches(
    items: TrainingItems, schedule: Schedule, processes: Processes, workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Each pass's inputs (batch, …) float32 and labels (batch, h, w) int64 on the process's device.

    Raises:
        ConversionError: whatever an item raises, from loading processes too.
    """
    cuda = processes.device.type == "cuda"
    loader: DataLoader[Any] = DataLoader(
        _Readable(items),
        batch_sampler=schedule,
        num_workers=workers,
        pin_memory=cuda,
        collate_fn=_collate,
        generator=torch.Generator(),
        worker_init_fn=ignore_signals,
    )
    for loaded in loader:
        if isinstance(loaded, ConversionError):
            raise loaded
        values, labels = loaded
        yield values.to(processes.device, non_blocking=cuda), labels.to(processes.device, non_blocking=cuda)
