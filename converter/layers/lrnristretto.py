"""LRNRistretto: local response normalization in floats of few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.ristretto import Quantization
from converter.layers.layer import Shapes, layer
from converter.layers.lrn import LRN

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LRNRistretto")
class LRNRistretto(LRN):
    """LRN across channels whose every step is cut to quantization_param's small floats, to the nearest, halves to even.

    The window's sum of squares is carried from channel to channel, and cut each time. The gradient is LRN's with the
    cut sums and outputs. Refused, as in the original: precisions other than MINIFLOAT, WITHIN_CHANNEL. rounding_scheme
    and the fields of other precisions change nothing. Source: pmgysel/caffe (Ristretto),
    src/caffe/ristretto/layers/lrn_ristretto_layer.cpp and .cu; arXiv:1604.03168.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """As LRN, and the numbers of bits."""
        super().setup(p, bottoms)
        view = p.message("quantization_param")
        self.quantization = Quantization(view, self.phase)
        if self.quantization.precision != "MINIFLOAT":
            raise view.error("precision", f"is {self.quantization.precision}", "expected MINIFLOAT")
        if not self.across:
            raise p.message("lrn_param").error("norm_region", "is WITHIN_CHANNEL", "expected ACROSS_CHANNELS")
        if self.size // 2 > self.channels:
            raise ShapeError(f"local_size {self.size} on {self.channels} channels; expected half of it to fit")

    def module(self) -> nn.Module:
        """FakeQuantizedResponseNorm."""
        from converter.modules.quantization import FakeQuantizedResponseNorm

        return FakeQuantizedResponseNorm(self.size, self.alpha, self.beta, self.k, *self.quantization.mini)
