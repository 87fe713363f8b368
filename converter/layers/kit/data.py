"""What Caffe's data layers share: the caller feeds what they would have read from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from converter.errors import ConversionError
from converter.files.named import find_named
from converter.formats.mean import read_mean
from converter.layers.layer import Operator, Shapes

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params

UNKNOWN: Shape = ()


class DataLayer(Operator):
    """A data layer as named inputs of the net.

    The caller feeds batches as the layer would make them: cropped, mirrored, mean subtracted, scaled, channels B, G, R.
    All its fields are taken, forks' too: sources, sampling and transform_param shape what is fed, never what the net
    computes from it. Shapes are stated as far as the file, or the mean file that it names, determines them; images of
    unknown channels have three, which `notes` says.
    """

    is_input = True
    field: ClassVar[str] = ""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read what determines shapes and tick off the rest."""
        self.expect_bottoms(bottoms, 0)
        view, transform = p.message(self.field), p.message("transform_param")
        stated = list(self.stated_shapes(view, transform))[: self.tops]
        if stated and len(stated[0]) == 4:
            stated[0] = self._assume(stated[0], transform)
        self.partial_shapes = stated
        self.shapes = [UNKNOWN if 0 in shape else shape for shape in stated]
        p.take_rest()

    def _assume(self, stated: Shape, transform: Params) -> Shape:
        """Images (n, c, h, w) with what the mean file tells, and three channels where nothing does."""
        batch, depth, height, width = stated
        mean = _mean_shape(transform) if not (depth and height and width) else ()
        if mean and not (height and width):
            height, width = mean[1:]
            self.notes += (f"images of {height}×{width} pixels, as its mean file has",)
        if not depth:
            depth = mean[0] if mean else 3
            self.notes += (f"images of {depth} channels, {'as its mean file has' if mean else 'which is assumed'}",)
        return batch, depth, height, width

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """The tops' shapes; a 0 in one says that the file leaves a size open."""
        raise NotImplementedError(self.type)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The stated shapes; () where the caller has to say."""
        del bottoms
        return self.shapes[: self.tops]


def _mean_shape(transform: Params) -> Shape:
    """(c, h, w) of the mean file, where it lies beside the prototxt or where files may be read; else ()."""
    prototxt = transform.record.where.path or ""
    if not prototxt or not transform.has("mean_file"):
        return ()
    stated = transform.text("mean_file")
    try:
        found = find_named(stated, prototxt, Path(prototxt).parent / Path(stated).name)
        mean = read_mean(found).shape if found else ()
        return tuple(mean) if len(mean) == 3 else ()
    except (PermissionError, ConversionError):
        return ()


def square(view: Params, transform: Params) -> tuple[int, int]:
    """The side that transform_param.crop_size, or the layer's own older one, gives, twice; 0 without a crop."""
    older = view.integer("crop_size", 0) if view.has("crop_size") else 0
    side = transform.integer("crop_size") or older
    return side, side


def resized(view: Params, transform: Params) -> tuple[int, int]:
    """Height and width of SSD's transform_param.resize_param, else `square`."""
    sizes = square(view, transform)
    for resize in transform.messages("resize_param")[:1]:
        sizes = resize.integer("height", 0), resize.integer("width", 0)
    return sizes


def channels(view: Params, transform: Params) -> int:
    """Channels that the flags force or the mean values imply; 0 where only the data tell."""
    if transform.flag("force_gray"):
        return 1
    if transform.flag("force_color") or (view.has("force_encoded_color") and view.flag("force_encoded_color")):
        return 3
    means = len(transform.numbers("mean_value"))
    return means if means > 1 else 0
