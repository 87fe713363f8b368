"""The published nets as frozen records: shape, classes, files, addresses, the paper's score; no torch.

Parameter counts follow from the topology; no checksum of any released file was ever published, so `min_file_bytes` (the
weights alone) is the only floor a download can be held to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from converter.data.label_sets import CAMVID, CITYSCAPES, KITTI, PASCAL_VOC, LabelSet
from converter.dilatednet.topology import Topology, prototxt
from converter.errors import ConversionError


@dataclass(frozen=True, slots=True)
class Score:
    """A figure of the paper: mean intersection over union in per cent on a split, and the table that prints it."""

    split: str
    mean_iou: float
    table: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A net. `input_size` is (height, width) of a tile in pixels; `addresses` are tried in order.

    A trained one (`converter.dilatednet.trained`) has the file of its `weights`, and the `stage` that wrote them.
    """

    name: str
    topology: Topology
    label_set: LabelSet
    input_size: tuple[int, int]
    file_names: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    weights: str = ""
    stage: str = ""

    @property
    def min_file_bytes(self) -> int:
        """Bytes that the float32 weights alone take: no genuine file is smaller."""
        return 4 * self.topology.parameters

    def with_width(self, width: int, fc_width: int, input_size: tuple[int, int] | None = None) -> Model:
        """The same net with other front-end widths (the context module's follow the classes alone) and tiles."""
        topology = replace(self.topology, width=width, fc_width=fc_width)
        return replace(self, topology=topology, input_size=input_size or self.input_size)

    def with_mean(self, mean: Iterable[float]) -> Model:
        """The same net with another mean, B, G, R."""
        blue, green, red = map(float, mean)
        return replace(self, label_set=replace(self.label_set, mean=(blue, green, red)))

    def prototxt(self) -> str:
        """The deploy net as text that Caffe reads."""
        return prototxt(self.topology, self.name, self.input_size)


_HOSTS = ("http://dl.yf.io/dilation/models/", "http://vobj.cs.princeton.edu/models/")
_VOC_FRONT_END = Topology(21, context=None, classifier="fc-final", prefix="ct_")


def _addresses(*names: str) -> tuple[str, ...]:
    """Where a file has been: the newer host under its last name, the older one under each."""
    return (_HOSTS[0] + names[0], *(_HOSTS[1] + name for name in names))


_VOC_FILES = (
    "dilation8_pascal_voc.caffemodel",
    "dilation8_pascal_voc_coco.caffemodel",
    "dilated_convolution_context_coco.caffemodel",
)
_VGG_ADDRESS = "https://umich.box.com/shared/static/obagzzef426d3ty4tihgscr17nxmgvo1.caffemodel"

_MODELS = (
    Model(
        name="dilation8_pascal_voc",
        topology=replace(_VOC_FRONT_END, context="large", padding="once"),
        label_set=PASCAL_VOC,
        input_size=(900, 900),
        file_names=_VOC_FILES,
        addresses=_addresses(*_VOC_FILES),
        scores=(
            Score("val", 72.1, 3, "COCO-pretrained front end"),
            Score("test", 73.5, 4, "COCO-pretrained front end"),
        ),
    ),
    Model(
        name="frontend_pascal_voc",
        topology=_VOC_FRONT_END,
        label_set=PASCAL_VOC,
        input_size=(900, 900),
        file_names=("frontend_pascal_voc.caffemodel",),
        scores=(
            Score("val", 69.8, 3, "COCO-pretrained"),
            Score("test", 71.3, 4, "COCO-pretrained"),
            Score("test", 67.6, 2, "VOC and SBD only"),
        ),
    ),
    Model(
        name="dilation10_cityscapes",
        topology=Topology(19, depth=10, upsample=True),
        label_set=CITYSCAPES,
        input_size=(1396, 1396),
        file_names=("dilation10_cityscapes.caffemodel",),
        addresses=_addresses("dilation10_cityscapes.caffemodel"),
        scores=(Score("val", 68.7, 7), Score("test", 67.1, 7)),
    ),
    Model(
        name="dilation7_kitti",
        topology=Topology(11, depth=7),
        label_set=KITTI,
        input_size=(852, 1640),
        file_names=("dilation7_kitti.caffemodel",),
        addresses=_addresses("dilation7_kitti.caffemodel"),
        scores=(Score("test", 59.2, 6, "46 images of Ros et al."),),
    ),
    Model(
        name="dilation8_camvid",
        topology=Topology(11),
        label_set=CAMVID,
        input_size=(900, 1100),
        file_names=("dilation8_camvid.caffemodel",),
        addresses=_addresses("dilation8_camvid.caffemodel"),
        scores=(Score("test", 65.3, 5),),
    ),
    Model(
        name="vgg_conv",
        topology=Topology(0, context=None),
        label_set=LabelSet("imagenet_features", (), (), (103.939, 116.779, 123.68), 8),
        input_size=(900, 900),
        file_names=("vgg_conv.caffemodel",),
        addresses=(_VGG_ADDRESS,),
    ),
)

ZOO: Mapping[str, Model] = MappingProxyType({model.name: model for model in _MODELS})
"""Every published net by name."""

_OF_DATA_SET: Mapping[str, str] = MappingProxyType(
    {
        "pascal_voc": "dilation8_pascal_voc",
        "voc": "dilation8_pascal_voc",
        "cityscapes": "dilation10_cityscapes",
        "kitti": "dilation7_kitti",
        "camvid": "dilation8_camvid",
    }
)


def is_published(name: str) -> bool:
    """Whether `find` knows the name."""
    return name in ZOO or name in _OF_DATA_SET


def find(name: str) -> Model:
    """The record of a net by its name or by its data set's (`pascal_voc`, `cityscapes`, `kitti`, `camvid`).

    Raises:
        ConversionError: no such net; the text lists those there are.
    """
    full = _OF_DATA_SET.get(name, name)
    if full in ZOO:
        return ZOO[full]
    near = difflib.get_close_matches(name, [*ZOO, *_OF_DATA_SET], 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = f"the published ones are {', '.join(ZOO)}; a data set's name means its net: {', '.join(_OF_DATA_SET)}"
    raise ConversionError(f"{name!r} is not a known model; {known}{hint}")


def palette(dataset: str) -> npt.NDArray[np.uint8]:
    """The colors of a data set's labels: uint8 (classes, 3), R, G, B.

    Raises:
        ConversionError: an unknown data set or model.
    """
    return np.array(find(dataset).label_set.palette, dtype=np.uint8).reshape(-1, 3)
