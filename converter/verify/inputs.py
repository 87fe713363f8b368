"""What a net is fed when it is verified: seeded random values, or images as the published pipeline prepares them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from converter.data.images import read_image
from converter.data.input_mean import fit_mean
from converter.data.transforms import preprocess
from converter.dilatednet.inference.tiles import crop_tile, tiles
from converter.dilatednet.zoo import ZOO, Model
from converter.errors import ImageError, ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.net.net import Shape
from converter.plan.plan import ConfiguredLayer, Plan

Array: TypeAlias = npt.NDArray[np.float32]
Pixels: TypeAlias = npt.NDArray[np.uint8]

_SCORING = ("Accuracy", "EltwiseAccuracy", "SegAccuracy")
"""Types whose second bottom numbers classes, beside losses."""

_DISTANCES = (
    "EuclideanLoss",
    "L1Loss",
    "LpqLoss",
    "SmoothL1Loss",
    "SmoothL1LossOHEM",
    "ContrastiveLoss",
    "TripletLoss",
)
"""Losses whose second bottom are as many numbers to compare with: any do."""

_MARKED = (
    "SigmoidCrossEntropyLoss", "NormalizedSigmoidCrossEntropyLoss", "SigmoidCrossEntropyBalanceLoss",
    "DiceLoss", "DiceCoefLoss", "YoloSeg", "HashingLoss",
)  # fmt: skip
"""Losses whose second bottom says 0 or 1 of each number."""


def random_inputs(plan: Plan, seed: int) -> dict[str, Array]:
    """Seeded values for every input: -100 to 100, as pixels less their mean are, where its readers take any number.

    Labels are whole class numbers; regions, indices, sizes of images and marks of sequences are such.
    """
    random = np.random.default_rng(seed)
    return {name: _random(random, shape, plan, name) for name, shape in plan.inputs.items()}


def _random(random: np.random.Generator, shape: Shape, plan: Plan, name: str) -> Array:
    example = _example(random, plan, name)
    return random.uniform(-100, 100, shape).astype(np.float32) if example is None else example


def _example(random: np.random.Generator, plan: Plan, name: str) -> Array | None:
    """What an input can hold, as the first layer says that minds, which reads it itself or through a Split."""
    names = {name}
    for step in plan.steps:
        if step.layer.type == "Split" and names.intersection(step.layer.bottoms):
            names.update(step.layer.tops)
        for place, bottom in enumerate(step.layer.bottoms):
            if bottom in names and (found := _taken(random, step, place)) is not None:
                return found
    return None


def _taken(random: np.random.Generator, step: ConfiguredLayer, place: int) -> Array | None:
    """What a layer takes as a bottom, if it does not take any number: as it says, or a loss's or a score's labels."""
    bottoms, kind = step.bottom_shapes, step.layer.type
    found = step.operator.example(place, bottoms, random)
    if found is not None or not place or not (step.operator.is_loss or kind in _SCORING):
        return found
    if kind in _DISTANCES and place == 1 and prod(bottoms[1]) == prod(bottoms[0]):
        return None
    if kind in _MARKED:
        return whole_numbers(random, 2, bottoms[place])
    return whole_numbers(random, bottoms[0][1], bottoms[place]) if len(bottoms[0]) > 1 else None


def model_of(net_name: str) -> Model | None:
    """The published net that a net's name says it is (`dilation8_pascal_voc_mini` is one of pascal_voc)."""
    longest = sorted(ZOO.values(), key=lambda model: -len(model.name))
    return next((model for model in longest if model.name in net_name), None)


def image_inputs(
    plan: Plan, path: str | os.PathLike[str], mean: Sequence[float] | Array | None
) -> tuple[dict[str, Array], Pixels]:
    """An image as the net's input, and the image: its first tile where the net is a published one, else resized.

    Args:
        plan: a net with one input of shape (n, 3, h, w); the image fills every item of the batch.
        path: the image's file.
        mean: B, G, R to take off, three numbers or an array (3, 1, 1) or (3, h, w) of the input's size; None: the
            published net's, or nothing.

    Raises:
        ImageError: the image does not read, the net takes no image or more beside it than layers say an example of
            (regions, the image's size, labels), or the mean does not fit it.
        ShapeError: the net's input is too small for the published pipeline's margins.
    """
    name, shape, beside = _image_input(plan)
    image = read_image(path)
    model = model_of(plan.net.name)
    size = (shape[2], shape[3])
    own = model.label_set.mean if model is not None else (0.0, 0.0, 0.0)
    bgr = fit_mean(np.asarray(own if mean is None else mean), size)
    if model is not None:
        first = next(iter(tiles((image.shape[0], image.shape[1]), size)))
        x = crop_tile(image, first, bgr)
    else:
        x = resize_to_input(image, size, bgr)
    return {name: np.repeat(x, shape[0], axis=0), **beside}, image


def resize_to_input(image: Pixels, size: tuple[int, int], mean: Array) -> Array:
    """The whole image at `size` (height, width): float32 (1, 3, h, w), B, G, R less the mean."""
    from PIL import Image

    resized = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return preprocess(resized, mean)[None]


def input_size(plan: Plan) -> tuple[int, int]:
    """Height and width of the net's one input of images.

    Raises:
        ImageError: it takes no image.
    """
    _, shape, _ = _image_input(plan)
    return shape[2], shape[3]


def _image_input(plan: Plan) -> tuple[str, Shape, dict[str, Array]]:
    """The one input of images, and what the others are given: such as layers say that they take."""
    images = [(name, shape) for name, shape in plan.inputs.items() if len(shape) == 4 and shape[1] == 3]
    random = np.random.default_rng(0)
    others = {name: _example(random, plan, name) for name in plan.inputs if (name, plan.inputs[name]) not in images}
    beside = {name: example for name, example in others.items() if example is not None}
    if len(images) != 1 or len(beside) < len(others):
        listed = ", ".join(f"{name} {shape}" for name, shape in plan.inputs.items())
        raise ImageError(f"the net's inputs are {listed}; images need one input (n, 3, h, w); leave --image out")
    return *images[0], beside


def given_inputs(plan: Plan, arrays: Mapping[str, npt.NDArray[Any]], path: str) -> dict[str, Array]:
    """Inputs out of a file's arrays, for every input of the net, in its shape, float32.

    Raises:
        ShapeError: an input is missing, or has another number of axes.
    """
    missing = [name for name in plan.inputs if name not in arrays]
    if missing:
        raise ShapeError(f"no array for input {', '.join(missing)}; there are {', '.join(arrays) or 'none'}", path=path)
    for name, shape in plan.inputs.items():
        if arrays[name].ndim != len(shape):
            raise ShapeError(f"input {name!r} has shape {arrays[name].shape}; the net takes {shape}", path=path)
    return {name: np.asarray(arrays[name], np.float32) for name in plan.inputs}
