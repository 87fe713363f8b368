"""A device that is not the CPU and yet computes: tensors that say "meta" and hold their numbers in a CPU tensor.

What crosses between host and device does so as on a card: by copies alone. An operation that meets tensors of both is
refused, but for copies and numbers without axes, as CUDA refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")
aten = torch.ops.aten


class Remote(Tensor):
    """A tensor on the device; `host` has its numbers."""

    host: Tensor

    @staticmethod
    def __new__(cls, host: Tensor) -> Remote:
        made = Tensor._make_wrapper_subclass(
            cls, host.shape, host.stride(), host.storage_offset(), dtype=host.dtype, device=DEVICE
        )
        made.host = host
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _dispatch(func, args, kwargs or {})


class _Factories(TorchDispatchMode):
    """Sees what is made on the device, of which no argument is a tensor."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _dispatch(func, args, kwargs or {})


def _dispatch(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    asked = kwargs.get("device")
    remote = torch.device(asked) == DEVICE if asked is not None else any(isinstance(one, Remote) for one in given)
    kind = func.overloadpacket
    if kind is aten.copy_:
        remote = isinstance(given[0], Remote)
    elif kind is not aten._to_copy and {isinstance(one, Remote) for one in given if one.ndim} == {True, False}:
        raise RuntimeError(f"{func} mixes devices: {[(type(one).__name__, tuple(one.shape)) for one in given]}")
    if asked is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    hosts = tree_map(lambda leaf: leaf.host if isinstance(leaf, Remote) else leaf, (args, kwargs))
    made = func(*hosts[0], **hosts[1])
    if kind is aten._to_copy and remote != isinstance(given[0], Remote):
        made = made.clone()  # a copy to the other side is one, though both are in the CPU's memory
    if func._schema.is_mutable and given and isinstance(made, Tensor):
        return args[0]
    return tree_map(lambda leaf: Remote(leaf) if isinstance(leaf, Tensor) and remote else leaf, made)


@contextmanager
def stand_in() -> Iterator[torch.device]:
    """Within, the device computes, and modules moved to it keep their parameters' identity, as on CUDA."""
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        with _Factories():
            yield DEVICE
    finally:
        torch.__future__.set_swap_module_params_on_conversion(before)
