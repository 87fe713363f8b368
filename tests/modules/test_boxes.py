"""Boxes by hand: overlap with and without a border, and suppression whose limit shrinks."""

import pytest
import torch

from converter.modules.boxes import decode_boxes, iou, nms

ROW = torch.tensor([[0.0, 0, 10, 1], [2.0, 0, 12, 1], [4.0, 0, 14, 1], [6.0, 0, 16, 1]]).double()
"""Overlaps: neighbours 8/12 = 0.667, next but one 6/14 = 0.429, ends 4/16 = 0.25."""


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ([0, 0, 2, 2], [1, 1, 3, 4], 1 / 9),  # 1 of 4 + 6 - 1
        ([0, 0, 2, 2], [2, 0, 3, 2], 0),
        ([0, 0, 2, 2], [3, 3, 4, 4], 0),
        ([0, 0, 0.5, 0.5], [0.25, 0, 0.75, 0.5], 1 / 3),
        ([2, 2, 0, 0], [2, 2, 0, 0], 0),  # inside out
    ],
)
def test_overlap(one: list[float], other: list[float], share: float) -> None:
    assert iou(torch.tensor(one).double(), torch.tensor([other]).double()).tolist() == pytest.approx([share])


def test_a_border_makes_corners_pixels_of_the_box() -> None:
    """Pixels 0-1 and 1-2: 2 x 2 and 2 x 2 pixels with a column of 2 in common: 2 / 6."""
    one, other = torch.tensor([0.0, 0, 1, 1]), torch.tensor([[1.0, 0, 2, 1]])
    assert iou(one, other, border=1).tolist() == pytest.approx([2 / 6])
    assert iou(one, other).tolist() == [0]


@pytest.mark.parametrize(
    ("limit", "eta", "kept"),
    [
        (0.7, 1.0, [0, 1, 2, 3]),
        (0.6, 1.0, [0, 2]),
        (0.4, 1.0, [0, 3]),
        (0.9, 0.7, [0, 2]),  # 0.63 after box 0, which strikes out 1; 0.441 after box 2, which strikes out 3
        (0.9, 0.8, [0, 1, 3]),  # 0.72, then 0.576: 2 overlaps 1 by 0.667, 3 overlaps 1 by 0.429
        (0.68, 0.6, [0, 3]),  # 0.408 after the first, and no lower, as it is not above 0.5
        (0.5, 0.1, [0, 2]),  # not above 0.5: it stays
    ],
)
def test_the_limit_shrinks_by_eta_with_each_kept_box_while_it_is_above_a_half(limit, eta, kept) -> None:
    """SSD, bbox_util.cpp, ApplyNMSFast."""
    assert nms(ROW, limit, eta) == kept


def test_a_limit_may_be_reached_or_not() -> None:
    """0.5 exactly: 1 x 2 of 2 x 2 and 1 x 2."""
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 1, 2]])
    assert nms(boxes, 0.5) == [0, 1]
    assert nms(boxes, 0.5, inclusive=True) == [0]


@pytest.mark.parametrize(("most", "kept"), [(-1, [0, 1, 2, 3]), (0, []), (1, [0]), (3, [0, 1, 2]), (9, [0, 1, 2, 3])])
def test_it_stops_after_so_many(most: int, kept: list[int]) -> None:
    assert nms(ROW, 0.7, most=most) == kept


def test_nothing_stays_of_nothing() -> None:
    assert nms(torch.zeros(0, 4), 0.5) == []


@pytest.mark.parametrize(
    ("code", "box"),
    [
        ("CORNER", [2, 3, 4, 4]),
        ("CORNER_SIZE", [3, 9, 5, 1]),  # 1 + 1 · 2, 1 + 2 · 4, 3 + 1 · 2, 5 - 1 · 4
        ("CENTER_SIZE", [4 - 2.718281828, 11 - 2 / 2.718281828, 4 + 2.718281828, 11 + 2 / 2.718281828]),
    ],
)
def test_offsets_of_a_prior_2_wide_and_4_high(code: str, box: list[float]) -> None:
    """Center (2, 3) + (1 · 2, 2 · 4) = (4, 11), half sides 1 · e and 2 / e."""
    prior, offsets = torch.tensor([[1.0, 1, 3, 5]]).double(), torch.tensor([[1.0, 2, 1, -1]]).double()
    assert decode_boxes(code, prior, offsets)[0].tolist() == pytest.approx(box)
