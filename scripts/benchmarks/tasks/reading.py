"""Weights files read and loaded, by ours and by others; imports are done while a task is prepared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[[], dict[str, Any] | None]


def parsed(source: str) -> Any:
    """A file as Google's message, whole."""
    from converter.formats.protobuf.schema import message_class

    message: Any = message_class("NetParameter")()
    message.ParseFromString(Path(source).read_bytes())
    return message


def load(prototxt: str, weights: str) -> Run:
    """Our module of a prototxt's layers, ready to run."""
    import converter.pytorch.caffe_module
    from converter.net.reading import read_net
    from converter.plan.plan import build_plan
    from converter.pytorch.loading import load as ours

    build_plan(read_net(prototxt))  # imports the layers' files
    assert converter.pytorch.caffe_module
    return _keeping(lambda: ours(prototxt, weights))


def weights(weights: str) -> Run:
    """Our views of a file's blobs."""
    from converter.plan.stored_weights import read_weights

    return _keeping(lambda: read_weights(weights))


def zoo(weights: str) -> Run:
    """Our published net, ready to run."""
    from converter.dilatednet import load as ours

    return _keeping(lambda: ours("pascal_voc", weights))


def protobuf(weights: str) -> Run:
    """Google's parser, then a tensor a blob."""
    import numpy as np
    import torch

    from converter.formats.protobuf.schema import message_class

    message_class("NetParameter")

    def run() -> list[torch.Tensor]:
        blobs = (blob for layer in parsed(weights).layer for blob in layer.blobs)
        return [torch.from_numpy(np.array(blob.data, np.float32)).reshape(tuple(blob.shape.dim)) for blob in blobs]

    return _keeping(run)


def opencv(prototxt: str, weights: str) -> Run:
    """OpenCV's net."""
    import cv2

    return _keeping(lambda: cv2.dnn.readNetFromCaffe(prototxt, weights))


def _keeping(load_it: Callable[[], Any]) -> Run:
    """The result stays until the memory has been read."""
    kept = []

    def run() -> None:
        kept.append(load_it())

    return run
