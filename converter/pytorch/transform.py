"""From images to a net's input, as Caffe's data layers make it: `net.transform(image)`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from converter.errors import ImageError
from converter.files.memory import check_memory
from converter.net.preprocessing import Array, Preprocessing


def to_bgr_planes(pixels: Tensor, mean: Tensor) -> Tensor:
    """An image as Caffe's nets take it: uint8 (h, w, 3) R, G, B → float32 (3, h, w) B, G, R minus `mean` (3,).

    Works on the device of `pixels`; `converter.data.transforms.preprocess` is the same for numpy arrays.
    """
    return _to_planes(pixels, "bgr") - mean[:, None, None]


_BYTES = 12
"""Of a resized number: float32, its rounded copy, and that within bounds."""

_GRAY = (0.299, 0.587, 0.114)
"""OpenCV's weights of R, G and B."""


class Transform:
    """Makes a net's input of uint8 RGB images: resize, channel order, mean, crop, scale.

    `transform(image)` takes a PIL image or a uint8 array or tensor (h, w, 3), or (h, w) for a gray net, and gives
    (1, c, h', w') float32; a list of images of one size gives a batch. Resizing is bilinear as OpenCV's, without
    antialiasing, and rounds to whole numbers, since Caffe resizes the bytes.
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing

    def __call__(self, images: Any) -> Tensor:
        """The batch.

        Raises:
            ImageError: no image of 8-bit numbers, of other channels than the net's, or smaller than the crop.
        """
        several = images if isinstance(images, list | tuple) else [images]
        return torch.stack([self._one(image) for image in several])

    def _one(self, image: Any) -> Tensor:
        p = self.preprocessing
        planes = _planes(image, p.color)
        if p.size is not None and tuple(planes.shape[1:]) != p.size:
            height, width = p.size
            check_memory(_BYTES * len(planes) * height * width, f"an image of {width}×{height} pixels")
            planes = F.interpolate(planes[None], p.size, mode="bilinear", align_corners=False)[0].round().clamp(0, 255)
        if p.mean_image is not None:
            planes = planes - _mean_for(p.mean_image, planes)
        elif p.mean:
            planes = planes - torch.tensor(p.channel_mean)[:, None, None]
        if p.crop is not None:
            planes = _center(planes, p.crop)
        return planes * p.scale

    def __repr__(self) -> str:
        """The settings, a mean image by its shape."""
        p = self.preprocessing
        mean = p.mean if p.mean_image is None else f"image {p.mean_image.shape}"
        return f"Transform(color={p.color!r}, size={p.size}, mean={mean}, crop={p.crop}, scale={p.scale:g})"


def _planes(image: Any, color: str) -> Tensor:
    """An image's channels in the net's order, float32 (c, h, w)."""
    wanted = "L" if color == "gray" else "RGB"
    if hasattr(image, "convert"):  # a PIL image, whose package need not be imported
        image = np.asarray(image.convert(wanted))
    array = torch.as_tensor(np.asarray(image).copy() if not isinstance(image, Tensor) else image)
    if array.dtype != torch.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3)):
        raise ImageError(
            f"{array.dtype} of shape {tuple(array.shape)}; expected uint8 (h, w, 3), R, G, B, or a PIL image"
        )
    if color != "gray" and array.shape[2:] != (3,):
        raise ImageError("a gray image for a net of three channels; convert it to RGB")
    return _to_planes(array, color)


def _to_planes(pixels: Tensor, color: str) -> Tensor:
    """Pixels (h, w), (h, w, 1) or (h, w, 3) R, G, B as float32 (c, h, w) in the order that `color` names."""
    planes = pixels.reshape(*pixels.shape[:2], -1).permute(2, 0, 1).to(torch.float32)
    if color == "gray":
        return _to_gray(planes)
    return planes.flip(0) if color == "bgr" else planes


def _to_gray(planes: Tensor) -> Tensor:
    """One channel of one or three, rounded as bytes are."""
    if planes.shape[0] == 1:
        return planes
    return (planes * torch.tensor(_GRAY)[:, None, None]).sum(0, keepdim=True).round()


def _mean_for(mean: Array, planes: Tensor) -> Tensor:
    """The mean image, which must have the image's size."""
    if mean.shape != tuple(planes.shape):
        raise ImageError(
            f"a mean of shape {mean.shape} for an image of shape {tuple(planes.shape)}; they must be equal"
        )
    return torch.from_numpy(mean)


def _center(planes: Tensor, crop: tuple[int, int]) -> Tensor:
    """The middle, its first row and column rounded down (src/caffe/data_transformer.cpp)."""
    height, width = planes.shape[1:]
    if height < crop[0] or width < crop[1]:
        raise ImageError(
            f"an image of {height}×{width} for a crop of {crop[0]}×{crop[1]}; take a larger one, or a size"
        )
    top, left = (height - crop[0]) // 2, (width - crop[1]) // 2
    return planes[:, top : top + crop[0], left : left + crop[1]]
