"""The published nets' records against figures found elsewhere, and their prototxts against the goldens'."""

import json
import subprocess
import sys

import numpy as np
import pytest

from converter.dilatednet import ZOO, find, palette
from converter.errors import ConversionError
from converter.formats.prototxt.parser import parse_prototxt, read_prototxt
from converter.formats.record import Record
from tests.places import GOLDENS, ROOT, SHARED

PAYLOADS = {
    "vgg_conv": (134_260_544, 537_042_176),
    "frontend_pascal_voc": (134_260_544 + 4096 * 21 + 21, 4 * (134_260_544 + 4096 * 21 + 21)),
    "dilation8_pascal_voc": (141_149_720, 564_598_880),
    "dilation8_camvid": (134_313_443, 537_253_772),
    "dilation7_kitti": (134_312_343, 537_249_372),
    "dilation10_cityscapes": (134_373_043, 537_492_172),
}
CONTEXTS = {
    "dilation8_pascal_voc": 6_803_139,
    "dilation8_camvid": 7_832,
    "dilation7_kitti": 6_732,
    "dilation10_cityscapes": 29_792,
}


def layers(net: Record) -> list[dict[str, object]]:
    """Every layer as plain values, its messages sorted by field, fillers left out."""

    def plain(record: Record) -> list[tuple[str, str]]:
        values = [
            (item.name, repr(plain(item.value)) if isinstance(item.value, Record) else repr(item.value))
            for item in record
            if not item.name.endswith("_filler")
        ]
        return sorted(values)

    return [
        {"name": layer.last("name"), "fields": plain(layer)} for layer in net.all("layer") if isinstance(layer, Record)
    ]


@pytest.mark.parametrize("name", PAYLOADS)
def test_parameters_and_min_file_bytes_are_the_published_nets(name):
    assert (ZOO[name].topology.parameters, ZOO[name].min_file_bytes) == PAYLOADS[name]


@pytest.mark.parametrize("name", CONTEXTS)
def test_context_modules_hold_the_published_number_of_parameters(name):
    steps = [step for step in ZOO[name].topology.steps if step.name.startswith(("ct_", "ctx_")) and step.bias]
    assert sum(int(np.prod(shape)) for step in steps for shape in step.shapes) == CONTEXTS[name]


def test_front_end_has_the_parameters_of_vgg_counted_by_hand():
    widths = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
    widths += [(256, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 512)]
    by_hand = sum(9 * i * o + o for i, o in widths) + 49 * 512 * 4096 + 4096 + 4096 * 4096 + 4096
    assert ZOO["vgg_conv"].topology.parameters == by_hand


@pytest.mark.parametrize("name", ["dilation8_pascal_voc", "frontend_pascal_voc"])
def test_prototxt_is_layer_by_layer_the_full_size_golden(name):
    ours = parse_prototxt(ZOO[name].prototxt())
    theirs = read_prototxt(GOLDENS / "nets" / "full" / f"{name}.prototxt")
    assert layers(ours) == layers(theirs)
    assert ours.last("name") == theirs.last("name")
    assert ours.all("input") == theirs.all("input")
    assert ours.last("input_shape").all("dim") == theirs.last("input_shape").all("dim") == (1, 3, 900, 900)


@pytest.mark.parametrize("path", sorted((GOLDENS / "predict").glob("*.prototxt")), ids=lambda path: path.stem)
def test_narrowed_prototxt_is_layer_by_layer_the_mini_golden(path):
    model = ZOO[path.stem.removesuffix("_mini")]
    ours, theirs = parse_prototxt(model.with_width(4, 128).prototxt()), read_prototxt(path)
    assert layers(ours) == layers(theirs)
    assert ours.last("input_shape").all("dim") == theirs.last("input_shape").all("dim")


def test_voc_palette_follows_the_rule_worked_out_by_hand():
    expected = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 7: (128, 128, 128)}
    # 8 = octal 10: the second digit's lowest bit is red, one place below the highest; 20 = octal 24.
    expected |= {8: (64, 0, 0), 15: (192, 128, 128), 16: (0, 64, 0), 20: (0, 64, 128)}
    colors = palette("pascal_voc")
    assert colors.dtype == np.uint8
    assert colors.shape == (21, 3)
    assert {index: tuple(colors[index].tolist()) for index in expected} == expected


@pytest.mark.parametrize(
    ("name", "classes", "first", "last"),
    [
        ("camvid", 11, (128, 0, 0), (0, 128, 192)),
        ("kitti", 11, (128, 0, 0), (0, 128, 192)),
        ("cityscapes", 19, (128, 64, 128), (119, 11, 32)),
    ],
)
def test_street_palettes_begin_and_end_as_published_without_repeats(name, classes, first, last):
    colors = [tuple(color) for color in palette(name).tolist()]
    assert (len(set(colors)), colors[0], colors[-1]) == (classes, first, last)
    assert len(find(name).label_set.classes) == classes


def test_every_record_that_predicts_has_a_color_a_class_and_a_score():
    for model in ZOO.values():
        if model.topology.classes:
            assert len(model.label_set.classes) == len(model.label_set.palette) == model.topology.classes
            assert model.scores
            assert all(address.endswith(".caffemodel") for address in model.addresses)


@pytest.mark.skipif(not (SHARED / "spec" / "paper_tables.json").is_file(), reason="no spec/paper_tables.json at hand")
def test_scores_are_the_papers():
    tables = json.loads((SHARED / "spec" / "paper_tables.json").read_text())
    means = {int(name[5]): {row["mean"] for row in table["rows"]} for name, table in tables.items()}
    scores = [score for model in ZOO.values() for score in model.scores]
    assert len(scores) == 9
    assert all(score.mean_iou in means[score.table] for score in scores)


def test_an_unknown_model_lists_the_known_ones_and_a_near_one():
    with pytest.raises(
        ConversionError, match=r"dilation8_pascal_voc.*dilation10_cityscapes.*did you mean dilation7_kitti"
    ):
        find("dilation7_kiti")


def test_zoo_palettes_and_images_come_without_torch():
    code = (
        "import sys; import converter.dilatednet as d; d.find('kitti').prototxt(); d.palette('voc'); d.read_image;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    code = "import sys; import converter.dilatednet as d; d.predict; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 1
