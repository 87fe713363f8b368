"""The four data sets' classes: names, colors, mean pixel and zoom (fyu/dilation, datasets/*.json)."""

from __future__ import annotations

from dataclasses import dataclass

RGB = tuple[int, int, int]
Mean = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class LabelSet:
    """A data set's classes in label order.

    `palette` is R, G, B; `mean` is B, G, R in 0 to 255; `zoom` is how many pixels of the image a cell of the net's
    answer covers.
    """

    name: str
    classes: tuple[str, ...]
    palette: tuple[RGB, ...]
    mean: Mean
    zoom: int


def voc_color(index: int) -> RGB:
    """PASCAL VOC's color of a label: each octal digit's bits go to R, G and B, the lowest digit's to the highest."""
    red = green = blue = 0
    for place in range(7, -1, -1):
        red |= (index & 1) << place
        green |= (index >> 1 & 1) << place
        blue |= (index >> 2 & 1) << place
        index >>= 3
    return red, green, blue


def numbered_classes(count: int) -> LabelSet:
    """Classes that nobody named: "class 0", "class 1", … in VOC's colors, with VOC's mean."""
    names = tuple(f"class {index}" for index in range(count))
    return LabelSet("numbered", names, tuple(map(voc_color, range(count))), _VOC_MEAN, 8)


_VOC_MEAN = (102.93, 111.36, 116.52)
_STREET = {
    "building": (128, 0, 0),
    "tree": (128, 128, 0),
    "sky": (128, 128, 128),
    "car": (64, 0, 128),
    "sign": (192, 128, 128),
    "road": (128, 64, 128),
    "pedestrian": (64, 64, 0),
    "fence": (64, 64, 128),
    "pole": (192, 192, 128),
    "sidewalk": (0, 0, 192),
    "bicyclist": (0, 128, 192),
}
_CITYSCAPES = {
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "pole": (153, 153, 153),
    "traffic light": (250, 170, 30),
    "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}
_VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor"
)

PASCAL_VOC = LabelSet("pascal_voc", tuple(_VOC.split()), tuple(voc_color(index) for index in range(21)), _VOC_MEAN, 8)
CAMVID = LabelSet("camvid", tuple(_STREET), tuple(_STREET.values()), (110.70313206, 108.77808759, 105.41212523), 8)
KITTI = LabelSet("kitti", tuple(_STREET), tuple(_STREET.values()), (96.19429688, 95.55136972, 91.34692262), 8)
CITYSCAPES = LabelSet("cityscapes", tuple(_CITYSCAPES), tuple(_CITYSCAPES.values()), (72.39, 82.91, 73.16), 1)
