"""Exp: a power of a fixed base."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


def read_base(view: Params) -> float:
    """The logarithm of the field `base`, where -1 stands for e."""
    base = view.number("base")
    if base != -1 and base <= 0:
        raise view.error("base", f"is {base:g}", "expected a positive number, or -1 for e")
    return 1.0 if base == -1 else math.log(base)


@layer("Exp")
class Exp(Operator):
    """base ^ (shift + scale x), on any shape; base -1 is e. Source: src/caffe/layers/exp_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the three constants."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("exp_param")
        log_base = read_base(view)
        self.inner = log_base * view.number("scale")
        self.outer = math.exp(log_base * view.number("shift"))

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        return [torch.exp(call.bottoms[0] * self.inner) * self.outer]
