"""One front end for all tiles against tiles run singly: the same labels, for images of every size."""

import numpy as np
import pytest

from converter.dilatednet import predict
from converter.dilatednet.inference import shared_front_end as shared
from converter.dilatednet.inference.shared_front_end import lay_out, receptive_cells
from converter.fast import accelerate
from tests.dilatednet.formula_nets import formula_net


class Counted:
    """An accelerated net whose whole and whose front end count the pixels they are given."""

    def __init__(self, net):
        self.net, self.pixels = accelerate(net), 0
        whole, segment = self.net.forward, self.net.segment

        def counted(run):
            def forward(x):
                self.pixels += x.shape[2] * x.shape[3]
                return run(x)

            return forward

        self.net.forward = counted(whole)
        self.net.segment = lambda name: counted(segment(name)) if name == "features" else segment(name)


def picture(height, width):
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "size", "tile"),
    [
        ("dilation8_pascal_voc", (90, 170), (468, 452)),
        ("dilation8_pascal_voc", (1, 1), (900, 900)),
        ("dilation8_pascal_voc", (97, 61), (900, 900)),
        ("dilation8_camvid", (100, 210), (420, 460)),
        ("dilation8_camvid", (7, 300), (404, 500)),
        ("frontend_pascal_voc", (33, 95), (452, 436)),
        ("dilation10_cityscapes", (96, 192), (468, 468)),
        ("dilation10_cityscapes", (50, 70), (420, 420)),
    ],
)
def test_labels_are_those_of_single_tiles(name, size, tile):
    net, image = formula_net(name), picture(*size)
    plain = predict(net, image, name, input_size=tile)
    fast = predict(accelerate(net), image, name, input_size=tile)

    # Sums of another order move a probability by some 1e-7 of 1: only near ties can differ.
    assert (plain != fast).mean() <= 2e-4


def test_two_tiles_cost_less_than_two(monkeypatch):
    net = Counted(formula_net("dilation10_cityscapes"))
    predict(net.net, picture(96, 192), "cityscapes", input_size=(468, 468))

    assert net.pixels == 468 * (468 + 96)


def test_tiles_off_the_grid_of_cells_are_run_singly():
    """KITTI's step is 1640 - 372 = 1268 pixels, 158.5 cells."""
    assert lay_out(1300, 1640, 33) is None
    net = Counted(formula_net("dilation7_kitti"))
    predict(net.net, picture(20, 90), "kitti", input_size=(404, 448))

    assert net.pixels == 404 * 448 * 2


def test_a_large_image_goes_through_in_windows(monkeypatch):
    net, image = formula_net("frontend_pascal_voc"), picture(300, 400)
    whole = predict(accelerate(net), image, "frontend_pascal_voc", input_size=(500, 500))
    monkeypatch.setattr(shared, "_WINDOW", 400_000)
    parts = predict(accelerate(net), image, "frontend_pascal_voc", input_size=(500, 500))

    assert (whole != parts).mean() <= 2e-4


def test_reach_is_the_papers_receptive_field():
    """Table 1: 67 cells at depth 8, so 33 to each side; without the dilation of 16, 17; with 32 and 64, 129."""
    nets = {
        name: formula_net(name).topology
        for name in ("dilation8_pascal_voc", "dilation7_kitti", "dilation10_cityscapes")
    }

    assert [receptive_cells(topology) for topology in nets.values()] == [33, 17, 129]


def test_a_layout_by_hand():
    """700 pixels in tiles of 900: two tiles, from 0 and 528; 172 pixels want 22.5 cells, so 23 (one to interpolate)."""
    axis = lay_out(700, 900, 33)

    assert axis.starts == (0, 528)
    assert axis.kept == (66, 23)
    assert axis.cells == (66, 56)
    assert axis.positions.size == 528 + 56 * 8 + 372
    assert list(axis.positions[:3]) == [186, 185, 184]
    assert list(axis.positions[186:189]) == [0, 1, 2]
