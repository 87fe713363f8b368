"""Tensors on "cuda:0" without a card: they have shapes, types and devices, and what a card could not do is refused.

`fake_cuda()` is torch's FakeTensorMode with `HostWatch` within. A build of torch without CUDA records no gradients for
such tensors (its autograd asks the accelerator for streams), so gradients are taken on the device "meta", where
`HostWatch` sees the same mistakes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_CUDA, _META = 1, 14
"""Places of the devices in c10::DeviceType (torch/headeronly/core/DeviceType.h)."""

aten = torch.ops.aten


class HostError(AssertionError):
    """A step that makes the host wait for the device, or leaves numbers on the host."""


class HostWatch(TorchDispatchMode):
    """Refuses, for tensors elsewhere than on the CPU: reading a number, copies to the CPU, and CPU tensors as partners.

    A new tensor on the CPU is refused too, unless it is the start of one elsewhere: `torch.tensor(list, device=...)`
    makes its numbers on the CPU and sends them at once. Scalars on the CPU may meet tensors anywhere, as torch allows.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[int, Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.namespace == "aten" and func._can_decompose():  # inference mode hands over `item` and `to` whole
            with self:
                return func.decompose(*args, **(kwargs or {}))
        given = _tensors((args, kwargs))
        kind = func.overloadpacket
        if kind in {aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten._unique2, aten.equal}:
            raise HostError(f"{func}: the host waits for numbers of the device")
        made = func(*args, **(kwargs or {}))
        devices = {value.device.type for value in given if value.ndim or value.device.type != "cpu"}
        if kind in {aten._to_copy, aten.copy_}:
            self._check_copy(func, given, _tensors(made))
        elif len(devices) > 1:
            shapes = ", ".join(f"{tuple(value.shape)} on {value.device}" for value in given)
            raise HostError(f"{func} mixes devices: {shapes}")
        if devices <= {"cpu"}:
            self._check_start(func, given, _tensors(made))
        return made

    def _check_copy(self, func: Any, given: list[Tensor], made: list[Tensor]) -> None:
        """Numbers may leave the host only where they were just made of Python's."""
        source, target = given[-1].device.type, made[0].device.type
        if source == target:
            return
        if target == "cpu":
            raise HostError(f"{func}: a copy of {tuple(made[0].shape)} to the CPU")
        if given[-1].ndim and id(given[-1]) not in self._started:
            raise HostError(f"{func}: {tuple(made[0].shape)} is sent from the CPU")

    def _check_start(self, func: Any, given: list[Tensor], made: list[Tensor]) -> None:
        """Numbers made of Python's are remembered; others that begin on the host are refused."""
        for value in made:
            if func.overloadpacket is aten.lift_fresh or any(id(one) in self._started for one in given):
                self._started[id(value)] = value
            elif value.device.type == "cpu" and value.ndim:
                raise HostError(f"{func} makes {tuple(value.shape)} on the CPU")


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


@contextmanager
def fake_cuda(*, watch: bool = True) -> Iterator[None]:
    """Within, "cuda:0" is a device of any torch, and `HostWatch` watches; nothing is computed and no gradient kept.

    Without `watch` numbers may come from the host.
    """
    _allow_cuda()
    with FakeTensorMode(allow_non_fake_inputs=not watch), torch.no_grad(), HostWatch() if watch else nullcontext():
        yield


def _allow_cuda() -> None:
    """Give a build without CUDA the device guard of "meta", which does nothing, for "cuda"; indexing asks for one.

    It answers "meta" to the question which card is the current one, so cards are named with their number: "cuda:0".
    """
    library = next((Path(torch.__file__).parent / "lib").glob("libc10.*"))
    registry = (ctypes.c_void_p * (_META + 1)).in_dll(
        ctypes.CDLL(str(library)), "_ZN3c104impl26device_guard_impl_registryE"
    )
    if not registry[_CUDA]:
        registry[_CUDA] = registry[_META]


def empty_like_module(module: nn.Module, device: str, dtype: torch.dtype | None = None) -> nn.Module:
    """The module itself, its parameters and buffers replaced by empty ones on a device; shared ones stay shared."""
    known: dict[int, Tensor] = {}
    for part in module.modules():
        for held in (part._parameters, part._buffers):
            for name, value in held.items():
                if value is not None:
                    held[name] = known.setdefault(id(value), _empty_like(value, device, dtype))
    return module


def _empty_like(value: Tensor, device: str, dtype: torch.dtype | None) -> Tensor:
    kind = dtype if dtype is not None and value.is_floating_point() else value.dtype
    made = torch.empty(value.shape, dtype=kind, device=device)
    return nn.Parameter(made, value.requires_grad) if isinstance(value, nn.Parameter) else made


@contextmanager
def cuda_autocast(dtype: torch.dtype) -> Iterator[None]:
    """`torch.autocast("cuda", dtype)` without its question whether there is a card."""
    before = torch.get_autocast_dtype("cuda")
    torch.set_autocast_enabled("cuda", True)
    torch.set_autocast_dtype("cuda", dtype)
    try:
        yield
    finally:
        torch.clear_autocast_cache()
        torch.set_autocast_enabled("cuda", False)
        torch.set_autocast_dtype("cuda", before)
