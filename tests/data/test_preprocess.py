"""The one place where pixels become a net's input: R, G, B to B, G, R, minus the mean; numpy's and torch's agree."""

from __future__ import annotations

import numpy as np
import torch

from converter.data.transforms import preprocess, undo_preprocess
from converter.pytorch.transform import to_bgr_planes

MEAN = (100.0, 110.0, 120.5)
PIXELS = np.array([[[1, 2, 3], [250, 128, 0]]], np.uint8)
PLANES = np.array([[[3 - 100, 0 - 100]], [[2 - 110, 128 - 110]], [[1 - 120.5, 250 - 120.5]]], np.float32)
"""By hand: plane 0 is blue minus the first mean, plane 2 red minus the last."""


def test_planes_are_blue_green_red_minus_the_mean() -> None:
    assert np.array_equal(preprocess(PIXELS, MEAN), PLANES)
    assert np.array_equal(preprocess(PIXELS, MEAN, 0.5), PLANES / 2)
    assert preprocess(PIXELS, ()).tolist() == [[[3, 0]], [[2, 128]], [[1, 250]]]


def test_torch_gives_the_same_planes() -> None:
    assert np.array_equal(to_bgr_planes(torch.from_numpy(PIXELS), torch.tensor(MEAN)).numpy(), PLANES)


def test_the_way_back_gives_the_pixels() -> None:
    assert np.array_equal(undo_preprocess(PLANES, MEAN), PIXELS)
