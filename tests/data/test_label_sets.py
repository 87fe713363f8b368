"""Names, colors, means and zooms of the four data sets against fyu/dilation's datasets/*.json, written out."""

import pytest

from converter.data.label_sets import CAMVID, CITYSCAPES, KITTI, PASCAL_VOC, LabelSet, voc_color

VOC = """
background 000000 aeroplane 800000 bicycle 008000 bird 808000 boat 000080 bottle 800080 bus 008080 car 808080
cat 400000 chair c00000 cow 408000 diningtable c08000 dog 400080 horse c00080 motorbike 408080 person c08080
pottedplant 004000 sheep 804000 sofa 00c000 train 80c000 tvmonitor 004080
"""
STREET = """
building 800000 tree 808000 sky 808080 car 400080 sign c08080 road 804080 pedestrian 404000 fence 404080 pole c0c080
sidewalk 0000c0 bicyclist 0080c0
"""
CITY = """
road 804080 sidewalk f423e8 building 464646 wall 66669c fence be9999 pole 999999 traffic_light faaa1e
traffic_sign dcdc00 vegetation 6b8e23 terrain 98fb98 sky 4682b4 person dc143c rider ff0000 car 00008e truck 000046
bus 003c64 train 005064 motorcycle 0000e6 bicycle 770b20
"""


@pytest.mark.parametrize(
    ("labels", "name", "table", "mean", "zoom"),
    [
        (PASCAL_VOC, "pascal_voc", VOC, (102.93, 111.36, 116.52), 8),
        (CAMVID, "camvid", STREET, (110.70313206, 108.77808759, 105.41212523), 8),
        (KITTI, "kitti", STREET, (96.19429688, 95.55136972, 91.34692262), 8),
        (CITYSCAPES, "cityscapes", CITY, (72.39, 82.91, 73.16), 1),
    ],
)
def test_a_data_sets_table_is_fyus(labels: LabelSet, name: str, table: str, mean: tuple, zoom: int) -> None:
    """Colors in R, G, B; means in B, G, R."""
    words = table.split()
    assert labels.name == name
    assert list(labels.classes) == [word.replace("_", " ") for word in words[::2]]
    assert ["{:02x}{:02x}{:02x}".format(*color) for color in labels.palette] == words[1::2]
    assert labels.mean == mean
    assert labels.zoom == zoom


@pytest.mark.parametrize(
    ("label", "color"), [(0, (0, 0, 0)), (1, (128, 0, 0)), (64, (32, 0, 0)), (128, (0, 32, 0)), (255, (224, 224, 192))]
)
def test_vocs_color_of_any_label(label: int, color: tuple[int, int, int]) -> None:
    """The devkit's: 255 = 377 octal: R bits 1 1 1 -> 224, G bits 1 1 1 -> 224, B bits 1 1 0 -> 192."""
    assert voc_color(label) == color
