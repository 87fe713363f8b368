"""What Caffe's data layers share: the caller feeds what they would have read from files."""

from __future__ import annotations

from typing import ClassVar

from converter.layers.layer import Operator, Shapes
from converter.net.net import Shape
from converter.net.params import Params

UNKNOWN: Shape = ()


class DataLayer(Operator):
    """A data layer as named inputs of the net.

    The caller feeds batches as the layer would make them: cropped, mirrored, mean subtracted, scaled, channels B, G, R.
    All its fields are taken, forks' too: sources, sampling and transform_param shape what is fed, never what the net
    computes from it. Shapes are stated as far as the file determines them.
    """

    is_input = True
    field: ClassVar[str] = ""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read what determines shapes and tick off the rest."""
        self.expect_bottoms(bottoms, 0)
        view, transform = p.message(self.field), p.message("transform_param")
        self.shapes = [UNKNOWN if 0 in shape else shape for shape in self.stated_shapes(view, transform)]
        p.take_rest()

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """The tops' shapes; a 0 in one says that the file leaves a size open."""
        raise NotImplementedError(self.type)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The stated shapes; () where the caller has to say."""
        del bottoms
        return self.shapes[: self.tops]


def square(view: Params, transform: Params) -> tuple[int, int]:
    """The side that transform_param.crop_size, or the layer's own older one, gives, twice; 0 without a crop."""
    older = view.integer("crop_size", 0) if view.has("crop_size") else 0
    side = transform.integer("crop_size") or older
    return side, side


def channels(view: Params, transform: Params) -> int:
    """Channels that the flags force or the mean values imply; 0 where only the data tell."""
    if transform.flag("force_gray"):
        return 1
    if transform.flag("force_color") or (view.has("force_encoded_color") and view.flag("force_encoded_color")):
        return 3
    means = len(transform.numbers("mean_value"))
    return means if means > 1 else 0
