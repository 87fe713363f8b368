"""Fine-tuning: other heads, frozen layers, Caffe's multipliers as groups of torch.optim."""

import copy

import numpy as np
import pytest
import torch

import converter
from converter.errors import GraphError, ShapeError
from tests.pytorch.table import mini_nets

NET = """
name: "small"
input: "data" input_shape { dim: 4 dim: 3 dim: 8 dim: 8 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc7" type: "InnerProduct" bottom: "conv1" top: "fc7" param { lr_mult: 0 }
  inner_product_param { num_output: 12 weight_filler { type: "xavier" } } }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  param { lr_mult: 10 } param { lr_mult: 20 decay_mult: 0 }
  inner_product_param { num_output: 7 weight_filler { type: "gaussian" std: 0.01 } } }
layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
"""
SEGMENTER = """
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer { name: "score" type: "Convolution" bottom: "data" top: "score"
  convolution_param { num_output: 5 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "scale" type: "Scale" bottom: "score" top: "score" scale_param { bias_term: true } }
layer { name: "up" type: "Deconvolution" bottom: "score" top: "up"
  convolution_param { num_output: 5 group: 5 kernel_size: 4 stride: 2 pad: 1 bias_term: false
    weight_filler { type: "bilinear" } } }
layer { name: "next" type: "Convolution" bottom: "up" top: "next"
  convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
"""


def loaded(folder, text=NET, **options):
    (folder / "net.prototxt").write_text(text)
    return converter.load(folder / "net.prototxt", seed=0, **options)


def test_classes_give_another_head_and_keep_everything_else(tmp_path):
    plain = loaded(tmp_path)
    net = loaded(tmp_path, classes={"fc8": 20})
    assert net.fc8.weight.shape == (20, 12)
    assert torch.equal(net.conv1.weight, plain.conv1.weight)
    assert net.blob_parameter("fc8", 0).shape == (20, 12)
    assert 0.005 < float(net.fc8.weight.detach().std()) < 0.02  # the prototxt's gaussian of 0.01
    assert any("'fc8' has new blobs: weight by gaussian, bias by constant" in note for note in net.notes)
    assert net(torch.zeros(2, 3, 8, 8))["prob"].shape == (2, 20)


def test_a_head_without_a_filler_of_its_own_gets_xavier_or_what_is_asked_for(tmp_path):
    text = NET.replace('weight_filler { type: "gaussian" std: 0.01 }', "")
    net = loaded(tmp_path, text, classes={"fc8": 50})
    bound = (3 / 12) ** 0.5
    assert bound / 2 < float(net.fc8.weight.detach().abs().max()) <= bound
    converter.replace_head(net, "fc8", 50, filler="constant")
    assert torch.equal(net.fc8.weight, torch.zeros(50, 12))


def test_an_upsampling_head_keeps_a_group_a_class_and_layers_by_channel_follow(tmp_path):
    net = loaded(tmp_path, SEGMENTER, classes={"score": 3, "up": 3, "next": 2})
    assert net.up.groups == 3
    assert net.up.weight.shape == (3, 1, 4, 4)
    assert float(net.up.weight.detach()[2, 0, 1, 1]) == 0.5625  # the bilinear filler's 0.75 x 0.75
    assert net.scale.weight.shape == (3,)
    assert net(torch.zeros(1, 3, 8, 8))["next"].shape == (1, 2, 16, 16)


def test_what_would_be_lost_without_a_word_is_refused(tmp_path):
    net = loaded(tmp_path, SEGMENTER)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(GraphError, match=r"layer 'next' \(Convolution\) takes what 'score', 'up' gives"):
        converter.replace_head(net, {"score": 3, "up": 3})
    with pytest.raises(GraphError, match="say how many outputs"):
        converter.replace_head(net, "next")
    with pytest.raises(GraphError, match="no layer 'scores'; did you mean 'score'"):
        converter.replace_head(net, {"scores": 3})
    with pytest.raises(GraphError, match=r"'scale' .* has no number of outputs"):
        converter.replace_head(net, {"scale": 3})
    with pytest.raises((ShapeError, converter.ConversionError), match="up"):
        converter.replace_head(net, {"score": 3, "next": 2})
    with pytest.raises(GraphError, match=r"converter\.load"):
        converter.replace_head(copy.deepcopy(net), {"next": 3})
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_parameter_groups_have_caffes_multipliers(tmp_path):
    net = loaded(tmp_path)
    groups = converter.parameter_groups(net, lr=0.1, weight_decay=0.01)
    names = {id(value): name for name, value in net.named_parameters()}
    found = {names[id(value)]: (group["lr"], group["weight_decay"]) for group in groups for value in group["params"]}
    assert found == {
        "conv1.weight": (0.1, 0.01),
        "conv1.bias": (0.2, 0.0),
        "fc7.bias": (0.1, 0.01),
        "fc8.weight": (1.0, 0.01),
        "fc8.bias": (2.0, 0.0),
    }
    torch.optim.SGD(groups, momentum=0.9).step()


def test_a_module_put_in_by_hand_takes_the_layers_multipliers(tmp_path):
    net = loaded(tmp_path)
    net.fc8 = torch.nn.Sequential(torch.nn.Linear(12, 4), torch.nn.ReLU())
    groups = converter.parameter_groups(copy.deepcopy(net), lr=1.0)
    assert sum(len(group["params"]) for group in groups) == 5
    net.fc8 = torch.nn.Linear(12, 4)
    rates = {id(value): group["lr"] for group in converter.parameter_groups(net, lr=1.0) for value in group["params"]}
    assert (rates[id(net.fc8.weight)], rates[id(net.fc8.bias)]) == (10.0, 20.0)


def test_frozen_layers_keep_weights_and_statistics(tmp_path):
    net = loaded(tmp_path).train()
    net.set_blobs("bn1", [np.zeros(6, np.float32), np.ones(6, np.float32), np.ones(1, np.float32)])
    converter.freeze(net, "relu1")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    optimizer = torch.optim.SGD(converter.parameter_groups(net, lr=0.1), momentum=0.9)
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    net(x)["prob"].log().sum().backward()
    optimizer.step()
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"fc7.bias", "fc8.weight", "fc8.bias"}
    with pytest.raises(GraphError, match="no layer 'relu9'"):
        converter.freeze(net, "relu9")


def test_a_head_trains(tmp_path):
    torch.manual_seed(0)
    net = loaded(tmp_path, classes={"fc8": 2}).train()
    x = torch.randn(4, 3, 8, 8)
    labels = torch.tensor([0, 1, 0, 1])
    optimizer = torch.optim.SGD(converter.parameter_groups(net, lr=0.05), momentum=0.9)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.nll_loss(net(x)["prob"].log(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 4


def test_a_published_net_takes_other_classes():
    path = mini_nets()["frontend_pascal_voc"]
    net = converter.load(path, seed=0, classes={"fc-final": 4})
    assert net.get_submodule("fc-final").weight.shape[0] == 4
