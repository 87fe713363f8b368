"""A blob's numbers: a tensor that the net computes with and an array for scripts, one memory wherever both are on CPU.

Source: include/caffe/syncedmem.hpp: on a GPU the side that was handed out last is the newer one.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from converter.net.net import Shape

Array = npt.NDArray[np.float32]


class SyncedMemory:
    """Float32 numbers of one shape; zeros until something is stored.

    Attributes:
        shape: axes of the numbers.
    """

    def __init__(self, shape: Shape = ()) -> None:
        self.shape = tuple(shape)
        self._tensor: Tensor | None = None
        self._source: Callable[[], Tensor] | None = None
        self._array: weakref.ref[Array] | None = None
        self._host: Array | None = None
        self._host_is_newer = False

    @property
    def is_allocated(self) -> bool:
        """Whether anything was ever stored or handed out."""
        return self._tensor is not None or self._source is not None

    @property
    def device(self) -> torch.device:
        """Where the numbers are."""
        return self._current().device

    def bind(self, source: Callable[[], Tensor]) -> None:
        """Be the memory of a tensor that somebody else owns: `source` gives it at every access."""
        self._source, self._tensor = source, None

    def array(self) -> Array:
        """The numbers as a writable float32 array of `shape`; on the CPU the net's own memory.

        What is written to it counts in the next pass. An array of an earlier call goes on showing the numbers as long
        as the shape stays, on a GPU only once this is called again.
        """
        tensor = self._current()
        if tensor.device.type != "cpu":
            return self._mirror(tensor)
        if not tensor.is_contiguous():
            tensor = tensor.contiguous()
            self._tensor = tensor
        root = self._held()
        if root is None or root.ctypes.data != tensor.data_ptr() or root.size != tensor.numel():
            root = tensor.numpy()
            self._array = weakref.ref(root)  # alive as long as any view of it is: numpy's views keep their root
        return root.reshape(self.shape)

    def flush(self) -> None:
        """Bring what scripts wrote to the host's copy to where the net computes."""
        if self._host_is_newer and self._host is not None:
            self._current().data.copy_(torch.from_numpy(self._host))
            self._host_is_newer = False

    def tensor(self, device: torch.device) -> Tensor:
        """The numbers for computing on `device`; what scripts wrote is in it."""
        self.flush()
        tensor = self._current()
        if tensor.device != device and self._source is None:
            tensor = tensor.to(device)
            self._tensor = tensor
        return tensor

    def store(self, value: Tensor) -> None:
        """Hold other numbers: in the old place while a script still holds its array, else without a copy."""
        shape = tuple(value.shape)
        on_host = value.device.type == "cpu"
        place = self._tensor if self._held() is not None and shape == self.shape else None
        if on_host and place is not None and place.device == value.device:
            place.data.copy_(value)  # past autograd's version counter: Caffe computes with what is there, too
        else:
            self._tensor = value.detach()
            self._array = None if on_host or shape != self.shape else self._array
        self.shape, self._host_is_newer = shape, False

    def reshape(self, shape: Shape) -> None:
        """Take another shape; numbers stay in their order, new ones are zeros."""
        if tuple(shape) == self.shape:
            return
        old, self.shape = (self._current() if self.is_allocated else None), tuple(shape)
        count = int(np.prod(self.shape))
        self._array = None
        if old is None:
            return
        self.flush()
        self._host, self._source = None, None
        if old.numel() == count:
            self._tensor = old.reshape(self.shape)
            return
        grown = torch.zeros(count, device=old.device)
        kept = min(count, old.numel())
        grown[:kept] = old.reshape(-1)[:kept]
        self._tensor = grown.reshape(self.shape)

    def fill(self, value: float) -> None:
        """Set every number, in the memory that scripts hold."""
        self._current().data.fill_(value)
        if self._host is not None:
            self._host[...] = value

    def invalidate_host(self) -> None:
        """The owner has written new numbers to the tensor: the host's are out of date."""
        self._host_is_newer = False

    def _held(self) -> Array | None:
        """The array on the CPU, if a script holds it or a view of it."""
        return self._array() if self._array is not None else None

    def _current(self) -> Tensor:
        if self._source is not None:
            return self._source()
        if self._tensor is None:
            self._tensor = torch.zeros(self.shape)
        return self._tensor

    def _mirror(self, tensor: Tensor) -> Array:
        """The host's copy of a GPU's numbers, newer than they from now on.

        It is the array that a script has held since the numbers were on the CPU, if it holds one still.
        """
        host: np.ndarray[Any, Any] | None = self._host
        if host is None or host.shape != self.shape:
            held = self._held()
            fits = held is not None and held.size == int(np.prod(self.shape))
            host = held.reshape(self.shape) if held is not None and fits else np.empty(self.shape, np.float32)
            self._host_is_newer = False
        if not self._host_is_newer:
            host[...] = tensor.detach().cpu().numpy().reshape(self.shape)
        self._host, self._host_is_newer = host, True
        return host
