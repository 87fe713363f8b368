"""ContinuationIndicator: where sequences begin, for recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ContinuationIndicator")
class ContinuationIndicator(Operator):
    """No bottoms -> (time_step, batch_size): 0 in the first step, 1 in all others.

    Source: yalecyu/crnn.caffe, src/caffe/layers/continuation_indicator_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read both sizes."""
        self.expect_bottoms(bottoms, 0)
        view = p.message("continuation_indicator_param")
        self.shape = tuple(view.integer(name, 0) for name in ("time_step", "batch_size"))
        for name, size in zip(("time_step", "batch_size"), self.shape, strict=True):
            if size < 1:
                raise view.error(name, f"is {size}", "expected at least 1")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(time_step, batch_size)."""
        return [self.shape]

    def module(self) -> nn.Module:
        """ConstantTensors."""
        import torch

        from converter.modules import sources

        steps = torch.ones(self.shape, device="cpu")
        steps[0] = 0
        return sources.ConstantTensors([steps])
