"""goldens/nets/data: fyu's data layers in TEST phase over three odd-sized images, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import Golden, copy_beside, write
from goldens_maker.solver import _inside

_MEAN = (102.93, 111.36, 116.52)
_IMAGES = """layer {{ name: "data" type: "ImageLabelData" top: "data" top: "label"
  transform_param {{ crop_size: {crop} mirror: false {mean} }}
  image_label_data_param {{ image_list_path: "images.txt" label_list_path: "labels.txt" batch_size: 3 shuffle: false
    padding: {padding}
    label_slice {{ {dims} stride: {stride} stride: {stride} offset: {margin} offset: {margin} }} }} }}
"""
_BINS = """layer {{ name: "data" type: "BinLabelData" top: "data" top: "label"
  bin_label_data_param {{ bin_list_path: "feats.txt" label_list_path: "labels.txt" batch_size: 3 shuffle: false
    mirror: false label_slice {{ {dims} {strides} }} {bin_slice} }} }}
"""


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Both layers' cases; the lists name files in the folder itself."""
    copy_beside(stored, target, "*.png", "*.bin", "*.txt")
    for path in sorted(stored.glob("*.npz")):
        golden = Golden(path)
        text = image_net(golden) if "crop" in golden.arrays else bin_net(golden)
        (target / f"{path.stem}.prototxt").write_text(text)
        with _inside(target):
            net = caffe.Net(f"{path.stem}.prototxt", caffe.TEST)
            net.forward()
        answers = {name: np.array(net.blobs[name].data, np.float32) for name in ("data", "label")}
        yield write(target / path.name, {**golden.arrays, **answers})


def image_net(golden: Golden) -> str:
    """A net of one ImageLabelData layer as the case's settings say."""
    settings = golden.arrays
    return _IMAGES.format(
        crop=int(settings["crop"]),
        margin=int(settings["margin"]),
        stride=int(settings["stride"]),
        padding=str(settings["padding"]),
        mean=_repeated("mean_value", _MEAN),
        dims=_repeated("dim", settings["label"].shape[2:]),
    )


def bin_net(golden: Golden) -> str:
    """A net of one BinLabelData layer as the case's settings say."""
    settings = golden.arrays
    return _BINS.format(
        dims=_repeated("dim", settings["label_dim"]),
        strides=_repeated("stride", settings["label_stride"]),
        bin_slice=str(settings["bin_slice"]),
    )


def _repeated(field: str, values) -> str:
    return " ".join(f"{field}: {value}" for value in values)
