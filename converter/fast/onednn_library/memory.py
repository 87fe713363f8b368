"""Tensors as oneDNN sees them, and memory that later blobs of a net take over from earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from converter.fast.onednn_library.binding import Dims, Handle, engine, load

_FLOAT32, _ANY = 3, 1
LIMIT = 256 << 20
"""Bytes of blobs that one net may keep."""

_LINE = 64
"""Bytes of a cache line, at which oneDNN's kernels like memory to begin."""


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of a blob in memory: channels last for (n, c, h, w), the last axis innermost for other ranks."""
    if len(shape) == 4:
        _, channels, height, width = shape
        return height * width * channels, 1, width * channels, channels
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def is_laid_out(value: Tensor) -> bool:
    """Whether a tensor lies in memory as `strides_of` says; strides of axes of length 1 do not matter."""
    wanted = strides_of(value.shape)
    return all(n == 1 or had == want for n, had, want in zip(value.shape, value.stride(), wanted, strict=True))


def descriptor(shape: Sequence[int], strides: Sequence[int]) -> Handle:
    """A float32 tensor of a shape with these strides, in numbers."""
    given = len(shape), Dims(*shape), _FLOAT32, Dims(*strides)
    return Handle("dnnl_memory_desc_destroy", "dnnl_memory_desc_create_with_strides", *given)


def descriptor_of(value: Tensor) -> Handle:
    """A blob as it lies in memory."""
    return descriptor(value.shape, strides_of(value.shape) if is_laid_out(value) else value.stride())


def any_layout(shape: Sequence[int]) -> Handle:
    """A float32 tensor of a shape, whose layout a kernel may choose."""
    return Handle(
        "dnnl_memory_desc_destroy", "dnnl_memory_desc_create_with_tag", len(shape), Dims(*shape), _FLOAT32, _ANY
    )


class Memory(Handle):
    """A tensor's memory under a description of its layout; the tensor lives as long."""

    __slots__ = ("_tensor",)

    def __init__(self, layout: Handle | int, tensor: Tensor) -> None:
        super().__init__("dnnl_memory_destroy", "dnnl_memory_create", layout, engine(), tensor.data_ptr())
        self._tensor = tensor


def size_of(described: int | None) -> int:
    """Bytes that a description takes; 0 for none."""
    return 0 if described is None else int(load().dnnl_memory_desc_get_size(described))


def fresh(size: int) -> Tensor:
    """Flat float32 memory of at least so many bytes, which begins at a cache line."""
    block = torch.zeros(size // 4 + 2 * _LINE // 4, dtype=torch.float32, device="cpu")
    return block[-block.data_ptr() % _LINE // 4 :]


class Buffers:
    """Memory of blobs: what no step to come reads is given out again, while it may still lie in the cache.

    It stays with the net between calls, so there is a limit to it; of blobs that large, kernels take long enough.
    """

    def __init__(self) -> None:
        self.total = 0
        self._idle: list[Tensor] = []
        self._taken: dict[int, tuple[Tensor, int]] = {}

    def take(self, shape: Sequence[int]) -> Tensor:
        """A blob of a shape with `strides_of` it: the smallest idle memory that holds it, or fresh memory.

        Raises:
            RuntimeError: the net's blobs would take more than the limit.
        """
        length = prod(shape)
        fitting = [block for block in self._idle if block.numel() >= length]
        block = min(fitting, key=Tensor.numel) if fitting else self._fresh(4 * length)
        self._idle = [other for other in self._idle if other is not block]
        self._taken[_key(block)] = block, 0
        return block[:length].as_strided(tuple(shape), strides_of(shape), block.storage_offset())

    def _fresh(self, size: int) -> Tensor:
        self.total += size
        if self.total > LIMIT:
            raise RuntimeError(f"the net's blobs would keep more than {LIMIT >> 20} MB")
        return fresh(size)

    def expect(self, value: Tensor, readers: int) -> None:
        """So many more steps are to read a tensor or what shares its memory."""
        if _key(value) in self._taken:
            block, before = self._taken[_key(value)]
            self._taken[_key(value)] = block, before + readers

    def readers(self, value: Tensor) -> int | None:
        """Steps that are still to read a tensor's memory; None where it is not of these buffers."""
        return self._taken[_key(value)][1] if _key(value) in self._taken else None

    def read(self, value: Tensor) -> None:
        """A step has read a tensor; after its last one its memory is idle."""
        self.expect(value, -1)
        if self.readers(value) == 0:
            self._idle.append(self._taken.pop(_key(value))[0])

    def give_back(self, value: Tensor) -> None:
        """A blob was not needed after all."""
        self.expect(value, 1)
        self.read(value)


def _key(value: Tensor) -> int:
    return value.untyped_storage().data_ptr()
