"""Exp: a power of a fixed base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


def read_base(view: Params) -> float | None:
    """The field `base`, None for the -1 that stands for e."""
    base = view.number("base")
    if base != -1 and base <= 0:
        raise view.error("base", f"is {base:g}", "expected a positive number, or -1 for e")
    return None if base == -1 else base


@layer("Exp")
class Exp(Operator):
    """base ^ (shift + scale x), on any shape; base -1 is e. Source: src/caffe/layers/exp_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the three constants."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("exp_param")
        self.base, self.scale, self.shift = read_base(view), view.number("scale"), view.number("shift")

    def module(self) -> nn.Module:
        """Exp."""
        from converter.modules import activations

        return activations.Exp(self.base, self.scale, self.shift)
