"""torchvision's `create_feature_extractor` takes a converted net; its answers are the net's own blobs."""

from __future__ import annotations

import pytest
import torch

import converter
from tests.places import GOLDENS

extraction = pytest.importorskip(
    "torchvision.models.feature_extraction", reason="no torchvision, which the project does not need"
)


def test_features_are_the_net_s_blobs() -> None:
    net = converter.load(GOLDENS / "nets/mini/dilation8_pascal_voc_mini.prototxt")
    (shape,) = net.inputs.values()
    x = torch.rand(shape)
    part = extraction.create_feature_extractor(net, ["pool3", "fc7", "prob"])
    outputs, blobs = part(x), net.blobs(data=x)
    assert list(outputs) == ["pool3", "fc7", "prob"]
    assert torch.equal(outputs["pool3"], blobs["pool3"])
    assert torch.equal(outputs["prob"], blobs["prob"])


def test_torchvision_renumbers_names_that_end_in_a_number() -> None:
    """conv1_1 is its conv1, conv1_2 its conv1_1: what docs/pytorch.md warns of."""
    net = converter.load(GOLDENS / "nets/mini/dilation8_pascal_voc_mini.prototxt")
    _, names = extraction.get_graph_node_names(net)
    assert names[:5] == ["data", "conv1", "relu1", "conv1_1", "relu1_1"]
