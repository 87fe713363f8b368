"""`caffe.Classifier`: a net that labels images, with the crops and means of ImageNet's nets.

Source: python/caffe/classifier.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from converter.pycaffe.io import oversample as crops_of
from converter.pycaffe.io import resize_image
from converter.pycaffe.net import Net
from converter.pycaffe.transformer import Transformer

Array = npt.NDArray[Any]
_TEST = 1


def transformer_of(
    net: Net,
    mean: Array | None = None,
    input_scale: float | None = None,
    raw_scale: float | None = None,
    channel_swap: Sequence[int] | None = None,
) -> Transformer:
    """The transformer of a net's first input: images (h, w, k) become (k, h, w)."""
    name = net.inputs[0]
    transformer = Transformer({name: net.blobs[name].shape})
    transformer.set_transpose(name, (2, 0, 1))
    if mean is not None:
        transformer.set_mean(name, mean)
    if input_scale is not None:
        transformer.set_input_scale(name, input_scale)
    if raw_scale is not None:
        transformer.set_raw_scale(name, raw_scale)
    if channel_swap is not None:
        transformer.set_channel_swap(name, channel_swap)
    return transformer


class Classifier(Net):
    """A net in the test phase with preprocessing.

    Args:
        model_file: the prototxt.
        pretrained_file: the weights.
        image_dims: height and width that images are scaled to before they are cropped; None: the input's own.
        mean: see `Transformer.set_mean`.
        input_scale: see `Transformer.set_input_scale`.
        raw_scale: see `Transformer.set_raw_scale`.
        channel_swap: see `Transformer.set_channel_swap`.
    """

    def __init__(
        self,
        model_file: str | os.PathLike[str],
        pretrained_file: str | os.PathLike[str],
        image_dims: Sequence[int] | None = None,
        mean: Array | None = None,
        input_scale: float | None = None,
        raw_scale: float | None = None,
        channel_swap: Sequence[int] | None = None,
    ) -> None:
        super().__init__(model_file, _TEST, weights=pretrained_file)
        self.transformer = transformer_of(self, mean, input_scale, raw_scale, channel_swap)
        self.crop_dims = np.array(self.blobs[self.inputs[0]].shape[2:])
        self.image_dims = self.crop_dims if image_dims is None or not len(image_dims) else np.array(image_dims)

    def predict(self, inputs: Sequence[Array], oversample: bool = True) -> Array:
        """The first output for each image.

        Args:
            inputs: images (h, w, k), as `caffe.io.load_image` gives them.
            oversample: average over corners, center and their mirror images; else the center alone.

        Returns:
            (images, classes) float32; without `oversample` in the output's own shape.
        """
        scaled = np.array([resize_image(image, self.image_dims) for image in inputs], dtype=np.float32)
        crops = crops_of(scaled, self.crop_dims) if oversample else self._centers(scaled)
        name = self.inputs[0]
        given = np.array([self.transformer.preprocess(name, crop) for crop in crops], dtype=np.float32)
        predictions: Array = self.forward_all(None, **{name: given})[self.outputs[0]]
        if oversample:
            predictions = predictions.reshape((len(predictions) // 10, 10, -1)).mean(1)
        return predictions

    def _centers(self, images: Array) -> Array:
        """The center crop of each image."""
        top, left, bottom, right = (
            int(middle + side * size / 2.0)
            for side in (-1, 1)
            for middle, size in zip(self.image_dims / 2.0, self.crop_dims, strict=True)
        )
        return images[:, top:bottom, left:right, :]
