"""Python layers that are known without being registered: FCN's, Faster R-CNN's, BVLC's example, ENet's."""

from typing import ClassVar

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError, UnsupportedParameterError
from converter.layers.kit.python_layers import PYTHON_LAYERS
from converter.layers.kit.region_python_layers import ProposalTargetLayer
from tests.layers.one_layer import normal, run, uniform


def python(module: str, name: str, text: str = "") -> str:
    return f'type: "Python" python_param {{ module: "{module}" layer: "{name}" param_str: "{text}" }}'


def proposals(build, phase="test", text="'feat_stride': 16", size=(60.0, 60.0, 1.0), tops=2):
    scores, offsets = uniform(1, 18, 3, 4), normal(1, 36, 3, 4) * 0.2
    body = python("rpn.proposal_layer", "ProposalLayer", text)
    return run(build, body, scores, offsets, np.array([size]), tops=tops, phase=phase)


def test_proposals_are_those_of_the_layer_in_c_where_no_box_is_small(build):
    """An image of 1 pixel's scale: min_size is 16 * 0.01, so no box is left out."""
    scores, offsets, size = uniform(1, 18, 3, 4), normal(1, 36, 3, 4) * 0.2, np.array([[60.0, 60.0, 0.01]])
    body = 'type: "Proposal" proposal_param { ratio: 0.5 ratio: 1 ratio: 2 scale: 8 scale: 16 scale: 32 }'
    wanted = run(build, body, scores, offsets, size, tops=2)
    found = proposals(build, size=(60.0, 60.0, 0.01))
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1][:, 0], wanted[1])
    assert found[1].shape == (len(wanted[1]), 1)


def test_small_boxes_are_left_out(build):
    """At scale 3 a box has to be 48 pixels wide and high in an image of 60."""
    regions, scores = proposals(build, size=(60.0, 60.0, 3.0))
    sides = regions[:, 3:] - regions[:, 1:3] + 1
    assert 0 < len(regions) == len(scores)
    assert (sides >= 48).all()
    assert (scores > 0).all()


@pytest.mark.parametrize(
    "text",
    [
        "'feat_stride': 16 \\n'scales': !!python/tuple [8, 16, 32]",
        "{'feat_stride': 16, 'ratios': [0.5, 1, 2], 'scales': [8, 16, 32]}",
    ],
)
def test_scales_and_ratios_stand_in_the_text(build, text):
    np.testing.assert_array_equal(proposals(build, text=text)[0], proposals(build)[0])


def test_other_numbers_of_anchors_and_texts_without_a_stride_are_refused(build):
    with pytest.raises(ShapeError, match="12 anchors need 24 and 48 channels"):
        proposals(build, text="'feat_stride': 16 \\n'scales': !!python/tuple [4, 8, 16, 32]")
    with pytest.raises(UnsupportedParameterError, match="feat_stride"):
        proposals(build, text="'stride': 16")


def test_a_loss_of_half_the_squares(build):
    """(1 + 4 + 9 + 0) / (2 * 2 items)."""
    x = np.array([[1.0, 2.0], [3.0, 0.0]])
    (loss,) = run(build, python("pyloss", "EuclideanLossLayer"), x, 0 * x)
    assert loss.tolist() == [3.5]


ANCHOR_TARGET = python(
    "rpn.anchor_target_layer", "AnchorTargetLayer", "{'feat_stride': 8, 'scales': [1], 'ratios': [1]}"
)


def test_anchors_and_their_targets_by_hand(build):
    """Anchors of 16 x 16 pixels at 0 and 8 in an image of 24 x 16: two of three columns lie inside.

    The true box (0, 0, 15, 11) has 16 x 12 pixels, the first anchor 16 x 16: overlap 192 / 256 = 0.75, label 1. The
    second shares 8 x 12 = 96 of 256 + 192 - 96 = 352 pixels: 0.27, label 0. Centers lie at 8 and 6 of heights 8: the
    first moves by -2 / 16 and shrinks by log(12 / 16). Two labels count, so each outer weight is 1/2.
    """
    bottoms = np.zeros((1, 2, 1, 3)), np.array([[0.0, 0, 15, 11, 7]]), np.array([[16.0, 24, 1]])
    labels, targets, inside, outside = run(build, ANCHOR_TARGET, *bottoms, np.zeros((1, 3, 4, 4)), tops=4)
    assert labels.tolist() == [[[[1, 0, -1]]]]
    np.testing.assert_allclose(targets[0, :, 0, 0], [0, -0.125, 0, np.log(0.75)], atol=1e-15)
    np.testing.assert_allclose(targets[0, :, 0, 1], [-0.5, -0.125, 0, np.log(0.75)], atol=1e-15)
    assert (targets[..., 2] == 0).all()
    assert inside[0, :, 0].tolist() == [[1, 0, 0]] * 4
    assert outside[0, :, 0].tolist() == [[0.5, 0.5, 0]] * 4


def proposal_target(build, text, regions, boxes):
    return run(build, python("rpn.proposal_target_layer", "ProposalTargetLayer", text), regions, boxes, tops=5)


def test_regions_and_their_targets_by_hand(build):
    """One region half over a box of 10 x 10: overlap 50 / 100, class 2; its center is 2.5 lower, of a height of 5.

    So dy = 2.5 / 5 / 0.1 = 5 and dh = log(10 / 5) / 0.2; the box itself is a region too, with offsets 0.
    """
    regions, boxes = np.array([[0.0, 0, 0, 9, 4]]), np.array([[0.0, 0, 9, 9, 2]])
    rois, labels, targets, inside, outside = proposal_target(build, "'num_classes': 3", regions, boxes)
    own = int(np.flatnonzero(rois[:, 4] == 9)[0])
    assert labels.tolist() == [2, 2]
    np.testing.assert_allclose(targets[1 - own], [0] * 8 + [0, 5, 0, np.log(2) / 0.2], atol=1e-13)
    assert (targets[own] == 0).all()
    assert inside.tolist() == outside.tolist() == [[0] * 8 + [1] * 4] * 2


def test_two_classes_hold_objects_of_every_class(build):
    """R-FCN's offsets that know no classes: class 2 stands at the columns of class 1."""
    boxes = np.array([[0.0, 0, 9, 9, 2]])
    _, labels, _, inside, _ = proposal_target(build, "'num_classes': 2", boxes[:, [0, 0, 1, 2, 3]], boxes)
    assert labels.tolist() == [2, 2]
    assert inside.tolist() == [[0] * 4 + [1] * 4] * 2


def test_true_boxes_have_to_be_there_and_of_a_class_that_is_known(build):
    regions = np.array([[0.0, 0, 0, 9, 4]])
    with pytest.raises(ShapeError, match="a box of class 7; there are 3 classes"):
        proposal_target(build, "'num_classes': 3", regions, np.array([[0.0, 0, 9, 9, 7]]))
    with pytest.raises(ShapeError, match="no true box"):
        proposal_target(build, "'num_classes': 3", regions, np.zeros((0, 5)))
    with pytest.raises(ShapeError, match="five numbers a row"):
        proposal_target(build, "'num_classes': 3", regions, np.zeros((2, 4)))
    with pytest.raises(UnsupportedParameterError, match="num_classes"):
        proposal_target(build, "'classes': 3", regions, np.array([[0.0, 0, 9, 9, 1]]))


def test_anchors_that_all_lie_outside_are_refused(build):
    bottoms = np.zeros((1, 2, 1, 3)), np.array([[0.0, 0, 15, 11, 7]]), np.array([[8.0, 8, 1]])
    with pytest.raises(ShapeError, match="none of 3 anchors lies in an image of 8x8"):
        run(build, ANCHOR_TARGET, *bottoms, tops=4)


def test_settings_of_a_subclass(build, monkeypatch):
    """Batches of 4, of which a quarter may be objects: one object and three others of twenty regions."""

    class Small(ProposalTargetLayer):
        settings: ClassVar = {"batch": 4}

    monkeypatch.setitem(PYTHON_LAYERS, ("rpn.proposal_target_layer", "ProposalTargetLayer"), Small)
    regions = np.array([[0.0, 2 * i, 0, 2 * i + 9, 9] for i in range(20)])
    rois, labels, *_ = proposal_target(build, "'num_classes': 3", regions, np.array([[0.0, 0, 9, 9, 2]]))
    assert rois.shape == (4, 5)
    assert sorted(labels.tolist()) == [0, 0, 0, 2]


def test_fast_rcnns_data_state_what_the_classes_need(build, tmp_path):
    path = tmp_path / "net.prototxt"
    tops = ("data", "rois", "labels", "targets", "inside", "outside")
    links = " ".join(f'top: "{top}"' for top in tops)
    body = python("roi_data_layer.layer", "RoIDataLayer", "'num_classes': 21")
    path.write_text(f'layer {{ name: "d" {body} {links} }}')
    with pytest.raises(ShapeError, match="labels=N --input-shape targets=N,84"):
        converter.load(path)


def test_dropout_of_channels(build):
    """p = 1/2: in training each channel is 0 or doubled; ENet's TEST doubles all."""
    x = np.ones((4, 8, 2, 2))
    text = "{'phase': '%s', 'p': '0.5'}"
    (dropped,) = run(build, python("spatial_dropout", "SpatialDropoutLayer", text % "TRAIN"), x, phase="train")
    (scaled,) = run(build, python("spatial_dropout", "SpatialDropoutLayer", text % "TEST"), x)
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped == dropped[:, :, :1, :1]).all()
    assert (scaled == 2).all()
    with pytest.raises(UnsupportedParameterError, match="above 0 and below 1"):
        run(build, python("spatial_dropout", "SpatialDropoutLayer", "{'phase': 'TRAIN', 'p': '1'}"), x)


@pytest.mark.parametrize(
    ("module", "name", "text", "tops", "asked"),
    [
        ("voc_layers", "VOCSegDataLayer", "", ("data", "label"), "data=1,3,H,W --input-shape label=1,1,H,W"),
        ("nyud_layers", "NYUDSegDataLayer", "{'tops': ['color', 'depth', 'label']}", ("c", "d", "l"), "d=1,1,H,W"),
        ("siftflow_layers", "SIFTFlowSegDataLayer", "", ("data", "sem", "geo"), "geo=1,1,H,W"),
        ("roi_data_layer.layer", "RoIDataLayer", "", ("data", "im_info", "gt_boxes"), "gt_boxes=N,5"),
    ],
)
def test_data_layers_are_inputs_whose_shapes_are_asked_for(tmp_path, module, name, text, tops, asked):
    path = tmp_path / "net.prototxt"
    links = " ".join(f'top: "{top}"' for top in tops)
    path.write_text(f'layer {{ name: "d" {python(module, name, text)} {links} }}\n'
                    f'layer {{ name: "r" type: "ReLU" bottom: "{tops[0]}" top: "r" }}')  # fmt: skip
    with pytest.raises(ShapeError, match=asked):
        converter.load(path)
    given = dict.fromkeys(tops, (1, 3, 4, 5))
    net = converter.load(path, inputs=given)
    fed = {top: -torch.ones(shape) for top, shape in given.items()}
    assert net.blobs(**fed)["r"].shape == (1, 3, 4, 5)


def test_a_layer_of_the_users_own_stands_over_a_known_one(build, monkeypatch):
    class Own(converter.Operator):
        def setup(self, p, bottoms):
            self.expect_bottoms(bottoms, 1)
            p.take_rest()

        def forward(self, call):
            return [call.bottoms[0] + 1]

    monkeypatch.setitem(PYTHON_LAYERS, ("pyloss", "EuclideanLossLayer"), Own)
    (y,) = run(build, python("pyloss", "EuclideanLossLayer"), np.zeros(2))
    assert y.tolist() == [1, 1]
