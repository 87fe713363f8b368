"""Tiles of several pictures run together against pictures run one by one."""

import numpy as np
import pytest
import torch

from converter.dilatednet import predict
from converter.dilatednet.batches import predict_many
from converter.fast import accelerate
from tests.dilatednet.formula_nets import formula_net

SIZE = (420, 444)


class Counted(torch.nn.Module):
    """A net that notes how many tiles each call holds."""

    def __init__(self, net):
        super().__init__()
        self.net, self.calls = net, []

    def forward(self, x):
        self.calls.append(x.shape[0])
        return self.net(x)


def pictures():
    random = np.random.default_rng(5)
    return [random.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((30, 60), (48, 100), (10, 10))]


@pytest.mark.parametrize(("batch", "calls"), [(1, [1, 1, 1, 1]), (3, [3, 1]), (8, [4])])
def test_tiles_are_batched_across_pictures_and_give_the_same_labels(batch, calls):
    net = Counted(formula_net("dilation8_camvid"))
    labels = predict_many(net, pictures(), "camvid", input_size=SIZE, batch=batch)

    assert net.calls == calls
    for seen, image in zip(labels, pictures(), strict=True):
        wanted = predict(net.net, image, "camvid", input_size=SIZE)
        assert seen.shape == wanted.shape
        assert (seen != wanted).mean() <= 2e-4


def test_a_fast_net_batches_what_it_cannot_share():
    net = formula_net("dilation7_kitti")
    labels = predict_many(accelerate(net), pictures(), "kitti", input_size=(404, 448), batch=2)

    for seen, image in zip(labels, pictures(), strict=True):
        assert (seen != predict(net, image, "kitti", input_size=(404, 448))).mean() <= 2e-4
