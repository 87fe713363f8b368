"""Shapes of inputs that no file states, from the layers that compare them with blobs of known shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from converter.errors import ConversionError
from converter.net.net import Layer, Net, Shape
from converter.plan.missing import missing_inputs

ALIKE: Final = frozenset(
    {
        "EuclideanLoss",
        "L1Loss",
        "SmoothL1Loss",
        "SigmoidCrossEntropyLoss",
        "LpqLoss",
        "Eltwise",
        "DiceLoss",
        "DiceCoefLoss",
        "SigmoidCrossEntropyBalanceLoss",
    },
)
"""Types whose bottoms have one shape, of which one may be an input's."""

LABELED: Final = frozenset({"SoftmaxWithLoss", "Accuracy", "InfogainLoss"})
"""Types whose second bottom has the first one's shape with one channel, along axis 1."""


def inferred_inputs(
    net: Net, given: Mapping[str, Shape], tops_of: Callable[[Layer, Mapping[str, Shape]], Sequence[Shape]]
) -> dict[str, tuple[Shape, Layer]]:
    """Shapes of inputs that the layers which read them imply, and those layers, by blob.

    Args:
        net: a net of one phase.
        given: the shapes that the caller states.
        tops_of: a layer's tops' shapes, from those of the blobs that stand before it.

    What fails to build is left to the one who builds the net: its shapes are unknown here.
    """
    try:
        missing = {item.top: item.partial for item in missing_inputs(net, given)}
    except ConversionError:
        return {}
    found: dict[str, tuple[Shape, Layer]] = {}
    shapes: dict[str, Shape] = {}
    for layer in net.layers if missing else ():
        for name, shape in _implied(layer, shapes):
            if name in missing and name not in found and _agrees(missing[name], shape):
                found[name] = shape, layer
                shapes[name] = shape
        _follow(layer, shapes, missing, tops_of)
    return found


def _follow(
    layer: Layer,
    shapes: dict[str, Shape],
    missing: Mapping[str, Shape],
    tops_of: Callable[[Layer, Mapping[str, Shape]], Sequence[Shape]],
) -> None:
    """Enter a layer's tops, or take out those whose shapes are not known."""
    tops: Sequence[Shape] = ()
    if all(name in shapes for name in layer.bottoms):
        try:
            tops = tops_of(layer, shapes)
        except ConversionError:
            tops = ()
    for index, name in enumerate(layer.tops):
        if index < len(tops) and (layer.bottoms or name not in missing):
            shapes[name] = tops[index]
        else:
            shapes.pop(name, None)


def _implied(layer: Layer, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Shape]]:
    """What a layer says of bottoms whose shapes are unknown."""
    known = [shapes[name] for name in layer.bottoms if name in shapes]
    if layer.type in ALIKE and known:
        yield from ((name, known[0]) for name in layer.bottoms if name not in shapes)
    elif layer.type in LABELED and len(layer.bottoms) > 1 and layer.bottoms[0] in shapes:
        scores = shapes[layer.bottoms[0]]
        if layer.bottoms[1] not in shapes and len(scores) > 1:
            yield layer.bottoms[1], (scores[0], *((1, *scores[2:]) if len(scores) > 2 else ()))


def _agrees(partial: Shape, shape: Shape) -> bool:
    """Whether a shape has the sizes that the file states."""
    return not partial or (
        len(partial) == len(shape) and all(size in (0, own) for size, own in zip(partial, shape, strict=True))
    )
