"""DummyData: blobs made of fillers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler, read_filler

if TYPE_CHECKING:
    from torch import Tensor, nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("DummyData")
class DummyData(Operator):
    """Each top is filled by its filler: none (zeros), one for all tops, or one each; random ones anew at every call.

    Shapes stand in `shape`, or in num, channels, height and width, once for all tops or once each. Random values follow
    torch's seed. Source: src/caffe/layers/dummy_data_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read shapes and fillers."""
        self.expect_bottoms(bottoms, 0)
        view = p.message("dummy_data_param")
        fillers = [read_filler(item) for item in view.messages("data_filler")] or [Filler()]
        shapes = _shapes(view)
        for name, count in (("data_filler", len(fillers)), ("shape", len(shapes))):
            if count not in {1, self.tops}:
                raise view.error(name, f"is given {count} times", f"expected once, or {self.tops} times (once a top)")
        self.fillers = fillers * self.tops if len(fillers) == 1 else fillers
        self.shapes = shapes * self.tops if len(shapes) == 1 else shapes

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The stated shapes."""
        return self.shapes

    def module(self) -> nn.Module:
        """ConstantTensors, or GivenTensors where a filler is random."""
        from converter.modules import sources

        make = partial(_fill, tuple(self.fillers), tuple(self.shapes))
        return sources.GivenTensors(make) if any(f.random for f in self.fillers) else sources.ConstantTensors(make())


def _fill(fillers: Sequence[Filler], shapes: Sequence[Shape]) -> list[Tensor]:
    """Every tensor filled, on the CPU, float32; random ones follow torch's seed."""
    import numpy as np
    import torch

    from converter.net.filling import fill

    seed = int(torch.randint(1 << 62, (), device="cpu")) if any(filler.random for filler in fillers) else 0
    random = np.random.default_rng(seed)
    return [torch.from_numpy(fill(filler, shape, random)) for filler, shape in zip(fillers, shapes, strict=True)]


def _shapes(view: Params) -> list[Shape]:
    """The shapes in the newer or the older spelling."""
    older = [view.integers(name) for name in ("num", "channels", "height", "width")]
    shapes = [item.integers("dim") for item in view.messages("shape")]
    if shapes and any(older):
        raise view.error("shape", "stands beside num, channels, height and width", "use shape alone")
    if shapes:
        return shapes
    count = max(map(len, older))
    if not count or any(len(sizes) not in {1, count} for sizes in older):
        given = ", ".join(map(str, map(len, older)))
        raise view.error("num", f"to width are given {given} times", "expected as many of each, or shape")
    columns = [sizes * count if len(sizes) == 1 else sizes for sizes in older]
    return list(zip(*columns, strict=True))
