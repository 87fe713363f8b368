"""Python layers that are known without being registered: FCN's, Faster R-CNN's, BVLC's example, ENet's."""

import numpy as np
import pytest
import torch

import converter
from converter.errors import ShapeError, UnsupportedParameterError
from converter.layers.kit.python_layers import PYTHON_LAYERS
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
    assert loss == 3.5


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
