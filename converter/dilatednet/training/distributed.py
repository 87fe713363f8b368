"""Several processes as one: who is who under torchrun, sums over all, and gradients averaged by DDP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from converter.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among `count`: `rank` from 0, `device` where its module lives."""

    rank: int
    count: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this one writes files and shows progress."""
        return self.rank == 0

    def all_reduce_sum(self, values: Tensor) -> Tensor:
        """The element-wise sum of `values`, of any shape, over all processes; the same shape and dtype."""
        if self.count > 1:
            dist.all_reduce(values)
        return values

    def wait(self) -> None:
        """Until all have come this far."""
        if self.count > 1:
            dist.barrier()

    def wrap(self, module: torch.nn.Module) -> torch.nn.Module:
        """The module with its gradients averaged over processes; itself where there is one."""
        if self.count == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return torch.nn.parallel.DistributedDataParallel(module, device_ids=ids)


def select_device(name: str = "") -> torch.device:
    """The device of that name; "" takes the GPU of torchrun's local rank where there is one, "cuda" insists on it.

    Raises:
        TrainingError: no such device.
    """
    name = name or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TrainingError(f"no device {name!r}; expected cpu, cuda or cuda:N; correct --device") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainingError(f"no GPU {device}; this machine has {torch.cuda.device_count()}; use --device cpu")
    return device


@contextmanager
def init_process_group(device: str = "") -> Iterator[Processes]:
    """The processes that torchrun started (its environment variables tell), or this one alone.

    `device` as in `select_device`. NCCL joins GPUs, gloo joins CPUs.

    Raises:
        TrainingError: no such device.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    place = select_device(device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if count > 1:
        dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield Processes(rank, count, place)
    finally:
        if count > 1:
            dist.destroy_process_group()
