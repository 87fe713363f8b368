"""`torch` and `F`, imported at first use: layers state shapes without torch, which `inspect` and `convert` rely on."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F  # noqa: N812 - torch's own convention
else:

    class _Deferred:
        """A module that is imported when one of its names is asked for."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(importlib.import_module(self._name), attribute)

    torch = _Deferred("torch")
    F = _Deferred("torch.nn.functional")

__all__ = ["F", "torch"]
