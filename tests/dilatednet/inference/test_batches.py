"""Tiles of several images run together against images run one by one."""

import numpy as np
import pytest
import torch

from converter.dilatednet import predict
from converter.dilatednet.inference.batches import begin_many, predict_many
from converter.dilatednet.inference.canvas import Canvas
from converter.dilatednet.inference.tiles import crop_tile, tiles
from converter.dilatednet.zoo import find
from converter.errors import WeightsError
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
def test_tiles_are_batched_across_images_and_give_the_same_labels(batch, calls):
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


@pytest.mark.parametrize("name", ["camvid", "cityscapes"])
def test_a_canvas_cuts_the_tiles_that_numpy_cuts(name):
    mean = find(name).label_set.mean
    for image in pictures():
        canvas = Canvas(image, mean, torch.device("cpu"))
        for tile in tiles(image.shape[:2], SIZE):
            assert np.array_equal(canvas.crop_tile(tile).numpy(), crop_tile(image, tile, mean))


def test_labels_that_are_waited_for_are_the_same():
    net = formula_net("dilation8_camvid")
    begun = begin_many(net, pictures(), "camvid", input_size=SIZE, batch=3)
    wanted = predict_many(net, pictures(), "camvid", input_size=SIZE, batch=3)

    assert all(np.array_equal(wait(), labels) for wait, labels in zip(begun, wanted, strict=True))


def test_an_answer_that_is_no_number_is_refused_when_it_is_waited_for():
    net = formula_net("dilation8_camvid")
    net.get_submodule("fc6").weight.data[0, 0, 0, 0] = float("nan")
    begun = begin_many(net, pictures(), "camvid", input_size=SIZE, batch=2)

    with pytest.raises(WeightsError, match="NaN"):
        begun[0]()


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["camvid", "cityscapes"])
def test_on_cuda_the_labels_are_the_cpus(name):
    net = formula_net({"camvid": "dilation8_camvid", "cityscapes": "dilation10_cityscapes"}[name])
    wanted = predict_many(net, pictures(), name, input_size=SIZE)
    fast = accelerate(net, device="cuda")
    for _ in range(3):  # as it is, captured, replayed
        for wait, labels in zip(begin_many(fast, pictures(), name, input_size=SIZE, batch=2), wanted, strict=True):
            assert (wait() != labels).mean() <= 2e-4
