"""ContinuationIndicator: where sequences begin, for recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ContinuationIndicator")
class ContinuationIndicator(Operator):
    """(time_step, items): 0 in the first step, 1 in all others; no bottom, or one whose `axis` counts the items.

    Without a bottom, `batch_size` does. Source: yalecyu/crnn.caffe (without a bottom) and jolibrain/caffe (with one),
    src/caffe/layers/continuation_indicator_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read both sizes."""
        self.expect_bottoms(bottoms, 0, 1)
        view = p.message("continuation_indicator_param")
        self.axis = canonical_axis(view.integer("axis", 0), len(bottoms[0])) if bottoms else None
        items = view.integer("batch_size", 0) if self.axis is None else bottoms[0][self.axis]
        self.shape = view.integer("time_step", 0), items
        for name, size in zip(("time_step", "batch_size"), self.shape, strict=True):
            if size < 1:
                raise view.error(name, f"is {size}", "expected at least 1")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(time_step, batch_size)."""
        return [self.shape]

    def module(self) -> nn.Module:
        """ConstantTensors, or SequenceMarks of a bottom."""
        import torch

        from converter.modules import sequences, sources

        if self.axis is not None:
            return sequences.SequenceMarks(self.shape[0], self.axis)
        steps = torch.ones(self.shape, device="cpu")
        steps[0] = 0
        return sources.ConstantTensors([steps])
