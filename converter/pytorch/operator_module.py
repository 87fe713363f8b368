"""A layer of the user's own that computes in `forward(call)`, not in a module: an nn.Module around its operator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.layers.layer import Call, Operator


class OperatorModule(nn.Module):
    """Calls an operator's `forward` with its bottoms and blobs.

    Operators written for earlier versions have that and no `module()`; ours all have one.
    """

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self.operator = operator
        self.register_buffer("like", torch.empty(0), persistent=False)

    def forward(self, *bottoms: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The layer's top, or its tops as a tuple, of the shapes that the layer states."""
        blobs = [getattr(self, blob.name) for blob in self.operator.blobs]
        like = self.get_buffer("like")
        options = {"dtype": like.dtype, "device": like.device}
        tops = self.operator.forward(Call(list(bottoms), blobs, self.training, options))
        return tops[0] if len(tops) == 1 else tuple(tops)

    def extra_repr(self) -> str:
        """Caffe's type, for `print(net)`."""
        return self.operator.type
