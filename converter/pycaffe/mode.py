"""Caffe's process-wide state: CPU or GPU, the device, the random seed, the count and rank of solvers."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from converter.pycaffe.errors import CaffeError


@dataclass(slots=True)
class _State:
    """include/caffe/common.hpp, class Caffe."""

    gpu: bool = False
    device: int = 0
    seed: int | None = None
    drawn: int = 0
    solver_count: int = 1
    solver_rank: int = 0
    multiprocess: bool = False


_STATE = _State()


def set_mode_cpu() -> None:
    """Compute on the CPU."""
    _STATE.gpu = False


def set_mode_gpu() -> None:
    """Compute on the CUDA device that `set_device` chose (0 at first).

    Raises:
        CaffeError: there is no CUDA device.
    """
    if not torch.cuda.is_available():
        raise CaffeError("set_mode_gpu: this torch sees no CUDA device; seen CPU only; call set_mode_cpu()")
    _STATE.gpu = True


def set_device(number: int) -> None:
    """Choose a CUDA device by number; it is used once the mode is GPU.

    Raises:
        CaffeError: there is no such device.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not 0 <= number < count:
        raise CaffeError(f"set_device({number}): {count} CUDA devices are there; choose a smaller number, or the CPU")
    _STATE.device = number


def set_random_seed(seed: int) -> None:
    """Seed every draw from here on: fillers, dropout, mirrors, crops, shuffles. Numbers are not Caffe's own."""
    _STATE.seed, _STATE.drawn = seed, 0
    torch.manual_seed(seed)


def next_seed() -> int | None:
    """A seed for the next thing that draws: the same row of seeds after each `set_random_seed`, None without one."""
    if _STATE.seed is None:
        return None
    _STATE.drawn += 1
    return _STATE.seed + _STATE.drawn - 1


def device() -> torch.device:
    """Where nets compute now."""
    return torch.device("cuda", _STATE.device) if _STATE.gpu else torch.device("cpu")


def solver_count() -> int:
    """Number of solvers that train together."""
    return _STATE.solver_count


def set_solver_count(count: int) -> None:
    """Set the number that `solver_count` gives."""
    _STATE.solver_count = count


def solver_rank() -> int:
    """This solver's place among them."""
    return _STATE.solver_rank


def set_solver_rank(rank: int) -> None:
    """Set the number that `solver_rank` gives."""
    _STATE.solver_rank = rank


def set_multiprocess(flag: bool) -> None:
    """Say that several processes train together; kept, and without effect on one process."""
    _STATE.multiprocess = flag


def has_nccl() -> bool:
    """Whether `NCCL` works: never here."""
    return False


class NCCL:
    """Caffe's collective operations.

    Raises:
        CaffeError: on construction, and from every call; torch.distributed does this work.
    """

    def __init__(self, solver: object, uid: object) -> None:
        del solver, uid
        raise CaffeError("NCCL is not part of this pycaffe; train on several GPUs with torchrun and torch.distributed")

    @staticmethod
    def new_uid() -> bytes:
        """Not available."""
        raise CaffeError("NCCL is not part of this pycaffe; train on several GPUs with torchrun and torch.distributed")
