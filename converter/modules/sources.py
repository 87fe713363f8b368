"""Modules without inputs: a learned tensor, constant tensors, tensors drawn anew at each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class LearnedTensor(nn.Module):
    """A parameter as a layer's output. Source: include/caffe/layers/parameter_layer.hpp.

    >>> LearnedTensor((2, 3))().shape
    torch.Size([2, 3])
    """

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.weight = nn.Parameter(torch.zeros(self.shape))

    def forward(self) -> Tensor:
        """The parameter itself."""
        return self.weight

    def extra_repr(self) -> str:
        """The shape."""
        return f"shape={self.shape}"


class GivenTensors(nn.Module):
    """Tensors that a function makes at each call, of the module's type and device, one or a tuple.

    Source: src/caffe/layers/dummy_data_layer.cpp.
    """

    def __init__(self, make: Callable[[], Sequence[Tensor]]) -> None:
        super().__init__()
        self.make = make
        self.register_buffer("like", torch.empty(0, device="cpu"), persistent=False)

    def forward(self) -> Tensor | tuple[Tensor, ...]:
        """The tensors, each of its own shape."""
        like = self.get_buffer("like")
        made = tuple(value.to(like.device, like.dtype) for value in self.make())
        return made[0] if len(made) == 1 else made


class ConstantTensors(nn.Module):
    """Fixed tensors, of the module's type and device, one or a tuple.

    Source: src/caffe/layers/dummy_data_layer.cpp, constant fillers.

        >>> ConstantTensors([torch.ones(2)])()
        tensor([1., 1.])
    """

    def __init__(self, values: Sequence[Tensor]) -> None:
        super().__init__()
        self.count = len(values)
        for number, value in enumerate(values):
            self.register_buffer(f"value{number}", value, persistent=False)

    @property
    def values(self) -> list[Tensor]:
        """The tensors, one for each output."""
        return [self.get_buffer(f"value{number}") for number in range(self.count)]

    def forward(self) -> Tensor | tuple[Tensor, ...]:
        """The tensors, each of its own shape."""
        values = tuple(self.values)
        return values[0] if self.count == 1 else values
