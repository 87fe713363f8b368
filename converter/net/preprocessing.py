"""What a net's data layer does to images, as its prototxt says it; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import ConversionError
from converter.files.named import ALLOW_IT, NOT_ALLOWED, find_named
from converter.formats.mean import read_mean
from converter.net.net import Layer, Net, Shape
from converter.net.params import Params

Array = np.ndarray[Any, np.dtype[Any]]

_PARAMETERS = ("image_data_param", "data_param", "image_label_data_param", "window_data_param")


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """(pixel - mean) * scale of images of one size, channels B, G, R unless `color` says else.

    Attributes:
        mean: a number, or one a channel in the net's order; empty: none.
        mean_image: (c, h, w) in the net's order, subtracted before the crop; None where there is none.
        scale: factor after the mean.
        size: (height, width) that images are resized to; None: as they are.
        crop: side of the square that is cut from the middle, or (height, width); None: none.
        color: "bgr", "rgb" or "gray".
    """

    mean: tuple[float, ...] = ()
    mean_image: Array | None = None
    scale: float = 1.0
    size: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    color: str = "bgr"

    def __post_init__(self) -> None:
        if self.color not in ("bgr", "rgb", "gray"):
            raise ConversionError(f"color {self.color!r}; expected bgr, rgb or gray")
        if len(self.mean) not in (0, 1, self.channels):
            raise ConversionError(f"{len(self.mean)} mean values for {self.channels} channels; give one, or one each")
        if self.mean and self.mean_image is not None:
            raise ConversionError("mean values and a mean image; give one of them")

    @property
    def channels(self) -> int:
        """How many channels the net takes."""
        return 1 if self.color == "gray" else 3

    @property
    def channel_mean(self) -> tuple[float, ...]:
        """The mean of each channel, where it is one number a channel.

        Raises:
            ConversionError: it is an image that differs from place to place.
        """
        if self.mean_image is not None:
            lowest, highest = self.mean_image.min((1, 2)), self.mean_image.max((1, 2))
            if not np.array_equal(lowest, highest):
                raise ConversionError(
                    "the mean is an image, not one number a channel; give its channels' means instead"
                )
            return tuple(map(float, lowest))
        return self.mean * self.channels if len(self.mean) == 1 else self.mean or (0.0,) * self.channels


def describe(preprocessing: Preprocessing) -> str:
    """What is done to an image, in words."""
    p = preprocessing
    parts = [{"bgr": "B, G, R", "rgb": "R, G, B", "gray": "gray"}[p.color] + " in 0 to 255"]
    if p.size is not None:
        parts.append(f"resized to {p.size[0]}×{p.size[1]}")
    if p.mean_image is not None:
        parts.append("minus the mean image")
    elif p.mean:
        parts.append(f"minus ({', '.join(f'{value:g}' for value in p.mean)})")
    if p.crop is not None:
        parts.append(f"the middle {p.crop[0]}×{p.crop[1]}")
    return ", ".join(parts) + (f", times {p.scale:g}" if p.scale != 1 else "")


def preprocessing_of(net: Net, shapes: Mapping[str, Shape] | None = None) -> Preprocessing | None:
    """What the net's first data layer with a transform_param says; None where no layer has one.

    `shapes` of the net's inputs tell gray images from color, which a data base's layer does not say.

    Source: src/caffe/data_transformer.cpp; the TEST phase crops the middle and does not mirror.

    Raises:
        CaffemodelError: its mean file does not read.
        ConversionError: it cannot be.
    """
    layer = next((layer for layer in net.layers if "transform_param" in layer.record), None)
    if layer is None:
        return None
    shape = (shapes or {}).get(layer.tops[0] if layer.tops else "", ())
    return _of_layer(layer, net.path, one_channel=len(shape) == 4 and shape[1] == 1)


def _of_layer(layer: Layer, path: str, *, one_channel: bool) -> Preprocessing:
    params = layer.params()
    transform = params.message("transform_param")
    views = [params.message(name) for name in _PARAMETERS if params.has(name)]
    mean_image = _mean_image(transform, path)
    side = transform.integer("crop_size")
    size = _size(views) or (None if mean_image is None else (mean_image.shape[1], mean_image.shape[2]))
    return Preprocessing(
        mean=transform.numbers("mean_value"),
        mean_image=mean_image,
        scale=transform.number("scale"),
        size=size,
        crop=(side, side) if side else None,
        color="gray" if one_channel or _is_gray(transform, views, mean_image) else "bgr",
    )


def _size(views: list[Params]) -> tuple[int, int] | None:
    """new_height and new_width, where a layer states them."""
    for view in views:
        if view.has("new_height") and view.has("new_width"):
            return view.integer("new_height"), view.integer("new_width")
    return None


def _is_gray(transform: Params, views: list[Params], mean_image: Array | None) -> bool:
    stated = any(view.has("is_color") and not view.flag("is_color") for view in views)
    return stated or transform.flag("force_gray") or (mean_image is not None and mean_image.shape[0] == 1)


def _mean_image(transform: Params, path: str) -> Array | None:
    """The mean file, looked for where Caffe would be started and beside the prototxt; see converter.files.named."""
    if not transform.has("mean_file"):
        return None
    stated = transform.text("mean_file")
    try:
        found = find_named(stated, path, Path(path).parent / Path(stated).name)
    except PermissionError:
        raise transform.error("mean_file", NOT_ALLOWED.format(stated), ALLOW_IT) from None
    if found is None:
        raise ConversionError(
            f"mean file {stated!r} lies neither beside the prototxt nor where files may be read; put it there, or "
            "allow its folder with --allow-files DIR (allow_files=), or give the mean",
            path=path,
        )
    return read_mean(found)
