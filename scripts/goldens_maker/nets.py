"""goldens/nets/mini and goldens/nets/full: whole nets with the formula's weights, on the formula's image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import Golden, copy_beside, write
from tests.formula_weights import formula_blob, formula_image, sample

SAVED = "dilation7_kitti_mini"
"""The net whose weights Caffe also writes."""


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Every net of a folder."""
    copy_beside(stored, target, "*.prototxt")
    for prototxt in sorted(stored.glob("*.prototxt")):
        net = formula_net(caffe, prototxt)
        height, width = net.blobs["data"].data.shape[2:]
        net.blobs["data"].data[...] = formula_image(height, width)[None]
        net.forward()
        golden = Golden(prototxt.with_suffix(".npz"))
        yield write(target / f"{prototxt.stem}.npz", {key: _answer(net, key) for key in golden.arrays})
        if prototxt.stem == SAVED:
            yield from _saved(net, target / SAVED)


def formula_net(caffe: ModuleType, prototxt: Path):
    """A net with the formula's weights; the upsampling kernel stays as its bilinear filler makes it."""
    net = caffe.Net(str(prototxt), caffe.TEST)
    for layer, blobs in net.params.items():
        if layer == "ctx_upsample":
            continue
        for index, blob in enumerate(blobs):
            blob.data[...] = formula_blob(layer, index, tuple(blob.data.shape))
    return net


def _answer(net, key: str) -> np.ndarray:
    kind, _, name = key.partition(":")
    blob = np.array(net.blobs[name].data, np.float32)
    if kind == "shape":
        return np.array(blob.shape, np.int64)
    if kind == "sample":
        return sample(blob)
    if kind == "argmax":
        return blob.argmax(axis=1).astype(np.uint8)
    return blob


def _saved(net, stem: Path) -> Iterator[str]:
    net.save(f"{stem}.caffemodel")
    yield f"{stem.name}.caffemodel"
    if hasattr(net, "save_hdf5"):
        net.save_hdf5(f"{stem}.caffemodel.h5")
        yield f"{stem.name}.caffemodel.h5"
