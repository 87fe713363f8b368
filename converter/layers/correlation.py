"""Correlation: FlowNet's comparison of patches of two feature maps, a channel for each displacement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, Window, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Correlation")
class Correlation(Operator):
    """Two maps (n, c, h, w) to (n, d * d, h', w') with d = 2 * (max_displacement // stride_2) + 1.

    Both maps get `pad` zeros around. Channel i * d + j is the mean over channels and over a patch of kernel_size of the
    products (SUBTRACT: of the magnitudes of the differences) of the first map and of the second, moved by
    ((i - d // 2) * stride_2, (j - d // 2) * stride_2); patches are stride_1 apart and leave max_displacement free at
    each edge. `do_abs` changes nothing there. The gradient is the derivative; the source's own of SUBTRACT compares the
    second map with the wrong place of the first.
    Source: lmb-freiburg/flownet2, src/caffe/layers/correlation_layer.cpp and .cu (arXiv:1504.06852, section 3).
    """

    rows: ClassVar[bool] = True
    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the patch and the displacements, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        if len(bottoms[0]) != 4 or bottoms[0] != bottoms[1]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal ones of 4 axes (n, c, h, w)")
        view = p.message("correlation_param")
        self.kernel, self.reach = view.integer("kernel_size"), view.integer("max_displacement")
        self.stride, self.step = view.integer("stride_1", 1), view.integer("stride_2", 1)
        self.pad = view.integer("pad", 0)
        self.subtract = view.choice("correlation_type", ("MULTIPLY", "SUBTRACT"), "MULTIPLY") == "SUBTRACT"
        view.flag("do_abs", False)
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise view.error("kernel_size", f"is {self.kernel}", "expected an odd number")
        for name, value, least in (
            ("max_displacement", self.reach, 0),
            ("stride_1", self.stride, 1),
            ("stride_2", self.step, 1),
            ("pad", self.pad, 0),
        ):
            if value < least:
                raise view.error(name, f"is {value}", f"expected at least {least}")
        self.columns = self.read_columns(view)
        if min(self.sizes(bottoms[0])) < 1:
            raise ShapeError(
                f"bottoms of {bottoms[0][2]}x{bottoms[0][3]} with pad {self.pad} leave no room for max_displacement "
                f"{self.reach} and kernel_size {self.kernel}"
            )

    def read_columns(self, view: Params) -> range:
        """The displacements to the right, in steps of stride_2."""
        radius = self.reach // self.step
        return range(-radius, radius + 1)

    def sizes(self, bottom: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of the top."""
        wide = bottom[3] + 2 * self.pad - 2 * self.reach - (self.kernel - 1)
        margin = 2 * (self.pad - self.reach) if self.rows else 0
        return math.ceil((bottom[2] + margin - (self.kernel - 1)) / self.stride), math.ceil(wide / self.stride)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, displacements, h', w')."""
        count = len(self.columns)
        return [(bottoms[0][0], count * count if self.rows else count, *self.sizes(bottoms[0]))]

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """Each value sums over channels and patch."""
        return math.prod(tops[0]) * bottoms[0][1] * self.kernel**2

    def window(self) -> Window:
        """The patch and how far it moves."""
        tall = self.kernel + 2 * self.reach if self.rows else self.kernel
        pad = self.pad if self.rows else 0
        return Window((tall, self.kernel + 2 * self.reach), (self.stride,) * 2, (pad, self.pad))

    def module(self) -> nn.Module:
        """Correlation."""
        from converter.modules import flow

        rows = [self.step * place for place in self.columns] if self.rows else [0]
        columns = [self.step * place for place in self.columns]
        margin = (self.reach if self.rows else 0, self.reach)
        pad = (self.pad if self.rows else 0, self.pad)
        return flow.Correlation(rows, columns, margin, pad, self.kernel, self.stride, self.subtract)
