"""`caffe.Detector`: a net that scores windows of images, as R-CNN does.

Source: python/caffe/detector.py.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from converter.pycaffe.classifier import transformer_of
from converter.pycaffe.io import load_image, resize_image
from converter.pycaffe.net import Net

Array = npt.NDArray[Any]
_TEST = 1


class Detector(Net):
    """A net in the test phase that is given windows of images.

    Args:
        model_file: the prototxt.
        pretrained_file: the weights.
        mean: see `caffe.io.Transformer.set_mean`.
        input_scale: see `caffe.io.Transformer.set_input_scale`.
        raw_scale: see `caffe.io.Transformer.set_raw_scale`.
        channel_swap: see `caffe.io.Transformer.set_channel_swap`.
        context_pad: pixels of the input, on each side, that show what lies around the window.
    """

    def __init__(
        self,
        model_file: str | os.PathLike[str],
        pretrained_file: str | os.PathLike[str],
        mean: Array | None = None,
        input_scale: float | None = None,
        raw_scale: float | None = None,
        channel_swap: Sequence[int] | None = None,
        context_pad: int | None = None,
    ) -> None:
        super().__init__(model_file, _TEST, weights=pretrained_file)
        self.transformer = transformer_of(self, mean, input_scale, raw_scale, channel_swap)
        self.configure_crop(context_pad)

    def detect_windows(self, images_windows: Iterable[tuple[str, Iterable[Any]]]) -> list[dict[str, Any]]:
        """Scores of windows: for each a dict of `filename`, `window` and `prediction`.

        Args:
            images_windows: an image's path with its windows (ymin, xmin, ymax, xmax), each.
        """
        found: list[dict[str, Any]] = []
        crops = []
        for path, windows in images_windows:
            image = load_image(path).astype(np.float32)
            for window in windows:
                crops.append(self.crop(image, np.asarray(window)))
                found.append({"window": window, "filename": path})
        name = self.inputs[0]
        given = np.array([self.transformer.preprocess(name, crop) for crop in crops], dtype=np.float32)
        predictions = self.forward_all(None, **{name: given})[self.outputs[0]]
        for one, prediction in zip(found, predictions, strict=True):
            one["prediction"] = prediction
        return found

    def detect_selective_search(self, image_fnames: Iterable[str]) -> list[dict[str, Any]]:
        """`detect_windows` with the windows that the package selective_search_ijcv_with_python proposes.

        Raises:
            ImportError: it is not there; it needs MATLAB.
        """
        search = importlib.import_module("selective_search_ijcv_with_python")
        paths = [str(Path(path).resolve()) for path in image_fnames]
        windows = search.get_windows(paths, cmd="selective_search_rcnn")
        return self.detect_windows(zip(paths, windows, strict=False))

    def crop(self, im: Array, window: Array) -> Array:
        """A window of an image, with context around it and the mean where that lies beyond the image.

        Args:
            im: the image, (h, w, k).
            window: ymin, xmin, ymax, xmax.
        """
        if not self.context_pad:
            return im[window[0] : window[2], window[1] : window[3]]
        side = self.blobs[self.inputs[0]].width
        half = np.array([window[2] - window[0] + 1, window[3] - window[1] + 1]) / 2.0
        center = window[:2] + half
        reach = side / (side - self.context_pad * 2.0) * half
        box = np.round(np.concatenate([center - reach, center + reach]))
        scale = side / (box[2:] - box[:2] + 1)
        before = np.round(np.maximum(0, -box[:2]) * scale).astype(int)
        limits = np.array(im.shape[:2])
        box = np.clip(box, 0, np.tile(limits, 2)).astype(int)
        size = np.round((box[2:] - box[:2] + 1) * scale).astype(int)
        size = np.minimum(size, side - before)
        part = resize_image(im[box[0] : box[2], box[1] : box[3]], size)
        whole = np.ones(tuple(self.crop_dims), dtype=np.float32) * self.crop_mean
        whole[before[0] : before[0] + size[0], before[1] : before[1] + size[1]] = part
        return whole

    def configure_crop(self, context_pad: int | None) -> None:
        """Set the context, and the mean that stands for what lies beyond an image."""
        name = self.inputs[0]
        transformer = self.transformer
        order = transformer.transpose[name]
        back = [order[axis] for axis in order]
        self.crop_dims = np.array(self.blobs[name].shape[1:])[back]
        self.context_pad = context_pad
        self.crop_mean: Array = np.zeros(self.crop_dims, dtype=np.float32)
        mean = transformer.mean.get(name)
        if context_pad and mean is not None:
            swap = list(transformer.channel_swap.get(name, range(mean.shape[0])))
            self.crop_mean = mean.transpose(back)[:, :, [swap.index(i) for i in range(mean.shape[0])]]
            self.crop_mean = self.crop_mean / transformer.raw_scale.get(name, 1.0)
