"""The careful convolution as a step of autograd: its own forward, the library's backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from converter.careful import long_sums
from converter.geometry import Geometry


class LongSums(torch.autograd.Function):
    """y = `long_sums`(x, weight, bias); gradients are those of torch's convolution, and can be derived again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
        """See `converter.careful.long_sums`."""
        ctx.save_for_backward(x, weight)
        ctx.geometry, ctx.biased = geometry, bias is not None
        return long_sums(x, weight, bias, geometry)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        """Gradients of x, weight and bias, those that are wanted."""
        x, weight = ctx.saved_tensors
        g: Geometry = ctx.geometry
        wanted = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], ctx.biased and ctx.needs_input_grad[2]]
        sizes = [weight.shape[0]] if ctx.biased else None
        found = torch.ops.aten.convolution_backward(
            gradients[0], x, weight, sizes, g.stride, g.pad, g.dilation, False, [0, 0], 1, wanted
        )
        return (*found, None)
