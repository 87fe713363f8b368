"""Inputs that do not take every number: what `verify` feeds them where it has no data, and that such nets pass."""

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.errors import ShapeError
from converter.net.reading import read_net
from converter.plan.plan import build_plan
from converter.verify.inputs import image_inputs, random_inputs


def plan(tmp_path, layers: str, **inputs: str):
    """The net of these layers, and of inputs of these sizes, in tmp_path/net.prototxt."""
    shapes = {name: " ".join(f"dim: {size}" for size in sizes.split()) for name, sizes in inputs.items()}
    path = tmp_path / "net.prototxt"
    path.write_text("".join(f'input: "{name}" input_shape {{ {shape} }}\n' for name, shape in shapes.items()) + layers)
    return build_plan(read_net(path))


def verified(tmp_path) -> bool:
    return main(["verify", str(tmp_path / "net.prototxt")]) == 0


MINDING = {
    "regions": ("40 5", 'type: "ROIPooling" bottom: "x" bottom: "{}" '
                       "roi_pooling_param {{ pooled_h: 2 pooled_w: 2 spatial_scale: 0.0625 }}"),
    "regions of groups": ("4 5", 'type: "PSROIPooling" bottom: "x" bottom: "{}" '
                                 "psroi_pooling_param {{ output_dim: 2 group_size: 3 spatial_scale: 0.0625 }}"),
    "indices": ("5", 'type: "BatchReindex" bottom: "x" bottom: "{}"'),
    "rows": ("4 2", 'type: "Embed" bottom: "{}" embed_param {{ input_dim: 7 num_output: 3 '
                    'weight_filler {{ type: "gaussian" std: 1 }} }}'),
    "selector": ("2", 'type: "Filter" bottom: "x" bottom: "{}"'),
    "lengths": ("18", 'type: "ReverseTime" bottom: "x" bottom: "{}"'),
    "marks": ("2 18", 'type: "RNN" bottom: "x" bottom: "{}" recurrent_param {{ num_output: 3 '
                      'weight_filler {{ type: "xavier" }} }}'),
    "labels of margins": ("2", 'type: "MarginInnerProduct" bottom: "x" bottom: "{}" '
                               "margin_inner_product_param {{ num_output: 5 weight_filler {{ type: 'xavier' }} }}"),
    "labels of scores": ("2", 'type: "CombinedMargin" bottom: "x" bottom: "{}"'),
    "labels of centers": ("2", 'type: "CenterLoss" bottom: "x" bottom: "{}" center_loss_param {{ num_output: 3 }}'),
}  # fmt: skip
"""Layers that do not take every number, by what they take: that bottom's shape, and the layer."""


def minding(tmp_path, kind: str, name: str = "given", more: str = ""):
    """A net whose input `given` is read by such a layer as `name`."""
    sizes, layer = MINDING[kind]
    layers = f'{more} layer {{ name: "r" {layer.format(name)} top: "r" }} layer {{ type: "Silence" bottom: "x" }}'
    return plan(tmp_path, layers, x="2 18 4 6", given=sizes)


@pytest.mark.parametrize("kind", MINDING)
def test_a_net_whose_layer_does_not_take_every_number_verifies(tmp_path, kind, capsys):
    minding(tmp_path, kind)
    assert verified(tmp_path), capsys.readouterr()


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("indices", 2), ("rows", 7), ("selector", 2), ("marks", 2), ("lengths", 3), ("labels of margins", 5),
        ("labels of scores", 18), ("labels of centers", 3),
    ],
)  # fmt: skip
def test_whole_numbers_are_all_below_their_number_and_not_all_alike(tmp_path, kind, count):
    net = minding(tmp_path, kind)
    found = {number for seed in range(90) for number in random_inputs(net, seed)["given"].flat}
    assert found == set(range(count))


def test_regions_lie_in_the_image_of_the_batch_and_have_both_corners_in_order(tmp_path):
    found = random_inputs(minding(tmp_path, "regions"), 0)["given"]
    assert set(found[:, 0]) <= {0.0, 1.0}
    assert (found[:, 1] < found[:, 3]).all() and (found[:, 2] < found[:, 4]).all()
    assert found[:, 1:].min() >= 0 and found[:, 3].max() <= 6 * 16 - 1 and found[:, 4].max() <= 4 * 16 - 1
    assert found[:, 3].max() > 4 * 16 - 1  # the width's, not the height's


def test_what_a_layer_takes_is_asked_for_through_a_split(tmp_path):
    split = 'layer { name: "s" type: "Split" bottom: "given" top: "one" top: "two" }'
    found = random_inputs(minding(tmp_path, "indices", "two", split), 0)["given"]
    assert set(found) <= {0.0, 1.0}


def test_marks_of_sequences_begin_with_0_and_go_on_with_1(tmp_path):
    found = random_inputs(minding(tmp_path, "marks"), 0)["given"]
    assert not found[0].any() and set(found[1]) == {0.0, 1.0}


def test_an_image_goes_into_a_net_that_asks_for_its_size_too(tmp_path):
    """As Faster R-CNN's: im_info is the height and width that the map stands for, and a scale of 1."""
    net = plan(
        tmp_path,
        'layer { name: "c" type: "Convolution" bottom: "data" top: "c" '
        "  convolution_param { num_output: 54 kernel_size: 16 stride: 16 } }\n"
        'layer { name: "p" type: "Slice" bottom: "c" top: "scores" top: "offsets" slice_param { slice_point: 18 } }\n'
        'layer { name: "r" type: "Python" bottom: "scores" bottom: "offsets" bottom: "im_info" top: "rois" '
        '  python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "\'feat_stride\': 16" } }',
        data="1 3 32 48",
        im_info="1 3",
    )
    Image.new("RGB", (5, 4)).save(tmp_path / "image.png")
    inputs, _ = image_inputs(net, tmp_path / "image.png", None)
    assert list(inputs) == ["data", "im_info"]
    assert inputs["im_info"].tolist() == [[32, 48, 1]]


def test_an_image_goes_into_a_net_whose_loss_compares_with_it(tmp_path):
    """As an autoencoder's, which reads its own input where others have labels."""
    net = plan(
        tmp_path,
        'layer { name: "c" type: "Power" bottom: "data" top: "c" power_param { scale: 2 } } '
        'layer { name: "l" type: "EuclideanLoss" bottom: "c" bottom: "data" top: "l" }',
        data="1 3 4 5",
    )
    Image.new("RGB", (5, 4), (7, 7, 7)).save(tmp_path / "image.png")
    inputs, _ = image_inputs(net, tmp_path / "image.png", None)
    assert list(inputs) == ["data"] and set(inputs["data"].flat) == {7.0}


BOXES = {
    "DetectionEvaluate": (
        "1 1 3 7",
        "1 1 5 8",
        "detection_evaluate_param { num_classes: 4 background_label_id: 2 }",
    ),
    "EvalDetection": (
        "2 35 2 2",
        "1 1 6 8",
        "eval_detection_param { side: 2 num_class: 2 num_object: 5 biases: 1 biases: 1 biases: 1 biases: 2 biases: 2 "
        "biases: 1 biases: 2 biases: 2 biases: 3 biases: 3 }",
    ),
    "RegionLoss": ("2 16 3 3", "2 4 5", "region_loss_param { num_class: 3 num: 2 biases: [1.5, 1, 0.5, 2] }"),
    "Yolov3": (
        "2 16 3 4",
        "2 4 5",
        "yolov3_param { num_class: 3 num: 2 biases: [10, 13, 16, 30] mask: [0, 1] anchors_scale: 8 }",
    ),
}
"""Layers that read true boxes: the shapes of what was found and of the boxes, and the fields."""


def boxed(tmp_path, kind: str):
    """A net whose input `boxes` such a layer reads."""
    found, boxes, fields = BOXES[kind]
    layer = f'layer {{ name: "r" type: "{kind}" bottom: "x" bottom: "boxes" top: "r" {fields} }}'
    return plan(tmp_path, layer, x=found, boxes=boxes)


@pytest.mark.parametrize("kind", BOXES)
def test_a_net_that_reads_true_boxes_verifies(tmp_path, kind, capsys):
    boxed(tmp_path, kind)
    assert verified(tmp_path), capsys.readouterr()


def test_true_boxes_are_of_a_class_that_is_not_the_background_and_have_corners_in_order(tmp_path):
    found = np.concatenate([random_inputs(boxed(tmp_path, "DetectionEvaluate"), seed)["boxes"] for seed in range(9)])
    rows = found.reshape(-1, 8)
    assert set(rows[:, 1]) == {0.0, 1.0, 3.0} and set(rows[:, 0]) == {0.0}
    assert (rows[:, 3] < rows[:, 5]).all() and (rows[:, 4] < rows[:, 6]).all()
    assert rows[:, 3:7].min() >= 0 and rows[:, 3:7].max() <= 1


CELLS = {
    "DetectionLoss": "detection_loss_param { side: 3 num_class: 4 constriant: true }",
    "EvalDetection": "eval_detection_param { side: 3 num_class: 4 constriant: true }",
}
"""Layers that read labels of cells."""


def of_cells(tmp_path, kind: str):
    layer = f'layer {{ name: "r" type: "{kind}" bottom: "x" bottom: "labels" top: "r" {CELLS[kind]} }}'
    return plan(tmp_path, layer, x="5 126", labels="5 63")


@pytest.mark.parametrize("kind", CELLS)
def test_a_net_that_reads_labels_of_cells_verifies(tmp_path, kind, capsys):
    of_cells(tmp_path, kind)
    assert verified(tmp_path), capsys.readouterr()
    assert "nan" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", CELLS)
def test_labels_of_cells_hold_what_box_data_writes(tmp_path, kind):
    difficult, objects, kinds, boxes = np.split(random_inputs(of_cells(tmp_path, kind), 0)["labels"], (9, 18, 27), 1)
    assert not difficult.any() and objects[:, 0].all()
    assert set(objects.flat) == {0.0, 1.0} and set(kinds.flat) == {0.0, 1.0, 2.0, 3.0}
    assert boxes.min() > 0 and boxes.max() < 1 and len(set(boxes.flat)) > 170


MASKS = {
    "Upsample": ("upsample_param { scale: 2 pad_out_w: true }", 6 * 7),
    "Unpooling": ("unpooling_param { kernel_size: 2 stride: 2 unpool_size: 6 }", 6 * 6),
}
"""Layers that read a mask of an input (1, 2, 3, 4), and how many positions it may name."""


@pytest.mark.parametrize("kind", MASKS)
def test_masks_name_positions_of_the_plane_and_none_twice(tmp_path, kind, capsys):
    fields, count = MASKS[kind]
    layer = f'layer {{ name: "r" type: "{kind}" bottom: "x" bottom: "mask" top: "r" {fields} }}'
    net = plan(tmp_path, layer, x="1 2 3 4", mask="1 2 3 4")
    planes = random_inputs(net, 0)["mask"].reshape(2, 12)
    assert all(len(set(plane)) == 12 for plane in planes) and not (planes[0] == planes[1]).all()
    assert {place for seed in range(40) for place in random_inputs(net, seed)["mask"].flat} == set(range(count))
    assert verified(tmp_path), capsys.readouterr()


@pytest.mark.parametrize(
    ("kind", "least", "most"), [("EuclideanLoss", -100, 100), ("SigmoidCrossEntropyLoss", 0, 1), ("DiceLoss", 0, 1)]
)
def test_targets_as_many_as_the_numbers_are_numbers_or_marks(tmp_path, kind, least, most, capsys):
    net = plan(tmp_path, f'layer {{ name: "l" type: "{kind}" bottom: "x" bottom: "t" top: "l" }}', x="9 1 7", t="9 1 7")
    found = random_inputs(net, 0)["t"]
    assert least <= found.min() < least + (most - least) / 9 and most - (most - least) / 9 < found.max() <= most
    assert verified(tmp_path), capsys.readouterr()


def test_multibox_losses_boxes_are_those_of_the_batch(tmp_path):
    net = plan(
        tmp_path,
        'layer { name: "r" type: "MultiBoxLoss" bottom: "loc" bottom: "conf" bottom: "priors" bottom: "label" top: "r" '
        "  multibox_loss_param { num_classes: 3 code_type: CENTER_SIZE } }",
        loc="2 16",
        conf="2 12",
        priors="1 2 16",
        label="1 1 9 8",
    )
    found = random_inputs(net, 0)
    assert set(found["label"][..., 0].flat) == {0.0, 1.0} and set(found["label"][..., 1].flat) == {1.0, 2.0}
    assert np.abs(found["loc"]).max() > 10


@pytest.mark.parametrize(
    "change", ["", 'layer { name: "p" type: "Power" bottom: "x" top: "x" power_param { shift: 1 } }']
)
def test_what_the_net_draws_by_itself_is_the_same_in_both_programs(tmp_path, change, capsys):
    """As BVLC's examples/pycaffe/linreg.prototxt; `change`: a layer that changes in place what was drawn."""
    plan(
        tmp_path,
        'layer { name: "x" type: "DummyData" top: "x" '
        '  dummy_data_param { shape { dim: 10 dim: 3 } data_filler { type: "gaussian" } } } '
        f'{change} layer {{ name: "ip" type: "InnerProduct" bottom: "x" top: "ip" '
        '  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }',
    )
    assert verified(tmp_path), capsys.readouterr()
    assert "ip" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sizes", "told"), [("1 1", "(1, 1); expected (1, 3 or more)"), ("3", ""), ("1 6", ""), ("1 3 1 1", "")]
)
def test_sizes_of_images_are_told_in_any_shape_that_holds_three_numbers(tmp_path, sizes, told, capsys):
    layer = (
        'layer { name: "r" type: "Proposal" bottom: "s" bottom: "o" bottom: "im" top: "rois" '
        "  proposal_param { ratio: [0.5, 1, 2] scale: [8, 16, 32] } }"
    )
    shapes = {"s": "1 18 2 3", "o": "1 36 2 3", "im": sizes}
    if told:
        with pytest.raises(ShapeError) as caught:
            plan(tmp_path, layer, **shapes)
        assert told in str(caught.value)
    else:
        plan(tmp_path, layer, **shapes)
        assert verified(tmp_path), capsys.readouterr()
