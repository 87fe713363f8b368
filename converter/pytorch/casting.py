"""What a change of type does to a module's numbers: those beyond the new type's range are refused before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from converter.errors import WeightsError


def check_cast(module: nn.Module, change: Callable[[Tensor], Tensor]) -> int:
    """Refuse a change of type that makes infinities of a module's parameters and buffers.

    Args:
        module: the module, which stays as it is.
        change: what is to be done to every tensor; it is tried out on empty ones.

    Returns:
        How many numbers that are not zero become zero.

    Raises:
        WeightsError: numbers lie beyond the new type's range; names the first tensor, its largest magnitude, the range.
    """
    lost = 0
    for name, value in _floating_tensors(module):
        dtype = change(value.new_empty(0)).dtype
        if dtype.is_floating_point and dtype != value.dtype and value.device.type != "meta":
            check_range(name, value, dtype)
            lost += _count_underflows(value, dtype)
    return lost


def check_range(name: str, value: Tensor, dtype: torch.dtype) -> None:
    """Refuse a tensor whose finite numbers a type cannot hold.

    Raises:
        WeightsError: it has such numbers.
    """
    limit = torch.finfo(dtype).max
    if limit >= torch.finfo(value.dtype).max or not value.numel():
        return
    largest = float(value.detach().abs().nan_to_num(posinf=0.0).max())
    if largest > limit:
        layer, _, blob = name.rpartition(".")
        raise WeightsError(
            f"layer {layer!r}: {blob} holds numbers up to {largest:.6g}; {_dtype_name(dtype)} ends at {limit:.6g}; "
            "cast to bfloat16, which has float32's range, or run it with converter.fast.accelerate(net, dtype=...), "
            "which keeps statistics of normalization in float32",
            layer=layer,
        )


def _count_underflows(value: Tensor, dtype: torch.dtype) -> int:
    """How many numbers that are not zero are zero in a type."""
    if torch.finfo(dtype).tiny <= torch.finfo(value.dtype).tiny:
        return 0
    detached = value.detach()
    return int(torch.count_nonzero(detached)) - int(torch.count_nonzero(detached.to(dtype)))


def _floating_tensors(module: nn.Module) -> Iterable[tuple[str, Tensor]]:
    """Parameters and buffers of floating types by name, each once."""
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        if value.is_floating_point():
            yield name, value


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
