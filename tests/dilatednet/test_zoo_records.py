"""The published nets' records written out: tiles, figures with their tables, and where the files were."""

import pytest

from converter.dilatednet.zoo import ZOO, find, is_published

PRINCETON = "http://vobj.cs.princeton.edu/models/"
YF = "http://dl.yf.io/dilation/models/"
ROWS = {
    "dilation8_pascal_voc": ((900, 900), [("val", 72.1, 3), ("test", 73.5, 4)]),
    "frontend_pascal_voc": ((900, 900), [("val", 69.8, 3), ("test", 71.3, 4), ("test", 67.6, 2)]),
    "dilation10_cityscapes": ((1396, 1396), [("val", 68.7, 7), ("test", 67.1, 7)]),
    "dilation7_kitti": ((852, 1640), [("test", 59.2, 6)]),
    "dilation8_camvid": ((900, 1100), [("test", 65.3, 5)]),
    "vgg_conv": ((900, 900), []),
}
"""Tiles of fyu/dilation's prototxts; figures by split and number of the paper's table."""


@pytest.mark.parametrize("name", ROWS)
def test_tiles_and_figures_are_the_published_ones(name: str) -> None:
    size, scores = ROWS[name]
    assert ZOO[name].input_size == size
    assert [(score.split, score.mean_iou, score.table) for score in ZOO[name].scores] == scores


def test_there_are_no_others() -> None:
    assert set(ZOO) == set(ROWS)


@pytest.mark.parametrize("name", ["dilation10_cityscapes", "dilation7_kitti", "dilation8_camvid"])
def test_a_file_is_looked_for_at_the_newer_host_first(name: str) -> None:
    assert ZOO[name].file_names == (f"{name}.caffemodel",)
    assert ZOO[name].addresses == (f"{YF}{name}.caffemodel", f"{PRINCETON}{name}.caffemodel")


def test_vocs_file_had_three_names() -> None:
    names = ("dilation8_pascal_voc", "dilation8_pascal_voc_coco", "dilated_convolution_context_coco")
    model = ZOO["dilation8_pascal_voc"]
    assert model.file_names == tuple(f"{name}.caffemodel" for name in names)
    older = [f"{PRINCETON}{name}.caffemodel" for name in names]
    assert model.addresses == (f"{YF}{names[0]}.caffemodel", *older)


def test_vgg_has_its_own_mean_and_no_classes() -> None:
    """ImageNet's mean of Simonyan and Zisserman's nets, in B, G, R."""
    labels = ZOO["vgg_conv"].label_set
    assert (labels.mean, labels.zoom, labels.classes) == ((103.939, 116.779, 123.68), 8, ())
    assert ZOO["vgg_conv"].topology.classes == 0


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("pascal_voc", "dilation8_pascal_voc"), ("voc", "dilation8_pascal_voc"), ("kitti", "dilation7_kitti"),
        ("cityscapes", "dilation10_cityscapes"), ("camvid", "dilation8_camvid"), ("vgg_conv", "vgg_conv"),
    ],
)  # fmt: skip
def test_a_data_sets_name_means_its_net(name: str, model: str) -> None:
    assert find(name).name == model
    assert is_published(name)
    assert not is_published(f"{name}x")


def test_a_narrower_net_has_its_own_widths_and_the_rest_of_the_record() -> None:
    model = find("kitti")
    narrow, small = model.with_width(4, 128), model.with_width(4, 128, (444, 460))
    assert (narrow.topology.width, narrow.topology.fc_width, narrow.topology.depth) == (4, 128, 7)
    assert (narrow.input_size, small.input_size) == ((852, 1640), (444, 460))
    assert narrow.topology.parameters < model.topology.parameters
    assert "dim: 444" in small.prototxt()
