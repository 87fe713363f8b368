"""Where a Crop without crop_param begins in the forks that computed it: the place at which its bottoms coincide.

Source: src/caffe/layers/crop_layer.cpp of s9xie/hed. Every blob is a lattice over an earlier one: its element i lies at
some place there, the center of what it was computed from. Followed backwards to the nearest blob that both bottoms come
from, the first bottom's element that lies where the second's element 0 does is the offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from reference.geometry import Window, convolution_window, pooling_window
from reference.layer import Layer
from reference.text import Message

_SAME_LATTICE = {
    *("AbsVal", "BatchNorm", "Bias", "BNLL", "Concat", "Dropout", "ELU", "Eltwise", "Exp", "Log", "LRN", "MVN"),
    *("Power", "PReLU", "ReLU", "Scale", "Sigmoid", "Slice", "Softmax", "Split", "TanH", "Threshold"),
}
"""Types whose elements lie where their bottoms' do."""

_CROPS = ("AutoCrop", "Crop")
_CONVOLUTIONS = {"Convolution", "Im2col", "DepthwiseConvolution", "ConvolutionDepthwise", "HoleConvolution"}

Lattice = tuple[Fraction, Fraction]
"""Where element 0 lies and how far element 1 is from it, on one axis."""


def with_crop_offsets(layers: Iterable[Layer], *, every: bool) -> tuple[Layer, ...]:
    """The layers of a net, each AutoCrop (yun-liu/rcf) given the crop_param that the geometry asks for.

    `every`: each Crop without crop_param too.

    Raises:
        LayerError: the bottoms of such a Crop have nothing in common, other strides, or no whole offset.
    """
    found: list[Layer] = []
    writers: dict[str, Layer] = {}
    for layer in layers:
        if layer.type in _CROPS[: 1 + every] and not layer.message.messages("crop_param"):
            layer = _with_offsets(layer, [_offset(layer, axis, writers) for axis in (0, 1)])
        found.append(layer)
        for top in layer.tops:
            writers.setdefault(top, layer)
    return tuple(found)


def _with_offsets(layer: Layer, offsets: list[int]) -> Layer:
    param = Message(line=layer.message.line)
    param.add("axis", "2")
    for offset in offsets:
        param.add("offset", str(offset))
    message = Message([*layer.message.entries], layer.message.line)
    message.add("crop_param", param)
    return replace(layer, message=message)


def _offset(layer: Layer, axis: int, writers: dict[str, Layer]) -> int:
    """How many elements of the first bottom lie before the second's element 0, on axis 0 (height) or 1 (width)."""
    if len(layer.bottoms) != 2:
        raise layer.error(f"has {len(layer.bottoms)} bottoms; expected 2")
    first, second = (dict(_lattices(bottom, axis, writers)) for bottom in layer.bottoms)
    blob = next((name for name in second if name in first), None)
    if blob is None:
        raise layer.error("has bottoms of no common origin whose positions can be followed; state crop_param")
    (start, step), (wanted, other) = first[blob], second[blob]
    if step != other:
        raise layer.error(f"has bottoms {step} and {other} apart in {blob!r}; expected the same stride")
    offset = (wanted - start) / step
    if offset < 0 or offset.denominator != 1:
        raise layer.error(f"would begin at {offset} of its first bottom; expected a whole number from 0")
    return int(offset)


def _lattices(blob: str, axis: int, writers: dict[str, Layer]) -> Iterator[tuple[str, Lattice]]:
    """The lattice of a blob over each one that it comes from: itself, then along first bottoms, then along others."""
    seen: set[str] = set()
    path: list[tuple[str, Lattice]] = [(blob, (Fraction(0), Fraction(1)))]
    while path:
        name, (start, step) = path.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name, (start, step)
        layer = writers[name]
        place = _place(layer, axis)
        if place is not None:
            zero, width = place
            below = layer.bottoms[:1] if layer.type in _CROPS else layer.bottoms
            path += [(bottom, (zero + width * start, width * step)) for bottom in reversed(below)]


def _place(layer: Layer, axis: int) -> Lattice | None:
    """The lattice of a layer's top over its bottom; None where the type has none."""
    if layer.type in _CROPS:
        return Fraction(_stated_offset(layer, axis)), Fraction(1)
    if layer.type in _CONVOLUTIONS:
        return _centers(convolution_window(layer, 2), axis)
    if layer.type == "Pooling" and not layer.params("pooling_param").flag("global_pooling"):
        return _centers(pooling_window(layer, (0, 0)), axis)
    if layer.type == "Deconvolution":
        start, step = _centers(convolution_window(layer, 2), axis)
        return -start / step, 1 / step
    return (Fraction(0), Fraction(1)) if layer.type in _SAME_LATTICE else None


def _centers(window: Window, axis: int) -> Lattice:
    """The middle of the first window, and the stride."""
    return Fraction(window.reach()[axis] - 1, 2) - window.pad[axis], Fraction(window.stride[axis])


def _stated_offset(layer: Layer, axis: int) -> int:
    """The offset of height or width in a crop_param."""
    params = layer.params("crop_param")
    first, offsets = layer.axis(params.integer("axis"), 4), params.integers("offset") or [0]
    offsets = offsets * (4 - first) if len(offsets) == 1 else offsets
    return (0, 0, 0, 0, *offsets)[axis - 2]
