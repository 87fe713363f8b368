"""What `torch.save` wrote, read without running any code in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from converter.errors import ConversionError, WeightsError


def read_saved(path: str | os.PathLike[str], refuse: Callable[[str], ConversionError], *, mmap: bool = False) -> Any:
    """The saved object, its tensors on the CPU (with `mmap`: views of the file).

    Raises:
        ConversionError: `refuse` of torch's own first line, where the file is missing, damaged or holds code.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # torch raises pickle, zip, OS and runtime errors alike
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise refuse(reason) from error


def read_state_dict(path: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """A plain state dict.

    Raises:
        WeightsError: the file does not read, or holds something other than tensors by name.
    """
    name = os.fspath(path)

    def refuse(reason: str) -> WeightsError:
        return WeightsError(f"not a state dict that torch reads: {reason}; save one with torch.save", path=name)

    state = read_saved(path, refuse)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError("holds something other than tensors by name; want a plain state dict", path=name)
    return state
