"""The oracle's boxes by hand: decoding, overlap, and striking out with a limit that shrinks."""

import numpy as np
import pytest

from reference.boxes import decode_boxes, iou, nms

UNIT = np.array([0.0, 0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ([0, 0, 2, 2], [0, 0, 2, 2], 1),
        ([0, 0, 2, 2], [1, 0, 3, 2], 2 / 6),  # 1 x 2 shared of 4 + 4 - 2
        ([0, 0, 2, 2], [1, 1, 3, 4], 1 / 9),  # 1 of 4 + 6 - 1
        ([0, 0, 2, 2], [2, 0, 3, 2], 0),  # edges touch
        ([0, 0, 2, 2], [0, 2, 2, 3], 0),
        ([0, 0, 2, 2], [3, 0, 4, 2], 0),  # apart across, not down
        ([0, 0, 2, 2], [0, 3, 2, 4], 0),
        ([0, 0, 4, 1], [1, 0, 2, 1], 1 / 4),
        ([0, 0, 0.5, 0.5], [0.25, 0, 0.75, 0.5], 1 / 3),  # 0.125 of 0.25 + 0.25 - 0.125
    ],
)
def test_overlap_is_shared_area_over_the_area_of_both(one, other, share) -> None:
    assert iou(np.array(one, float), np.array(other, float)) == pytest.approx(share)
    assert iou(np.array(other, float), np.array(one, float)) == pytest.approx(share)


def test_corners_are_moved_by_variance_times_offset() -> None:
    box = decode_boxes("CORNER", UNIT, np.array([0.1, 0.2, 0.5, 1]), np.array([1.0, 2, 3, 4]))
    assert box == pytest.approx([0.1, 0.4, 2.5, 5])


def test_corner_sizes_are_moved_by_shares_of_the_priors_sides() -> None:
    """A prior 2 wide and 4 high: 1 + 0.5 · 2, 1 + 0.5 · 4, 3 + 1 · 2, 5 - 1 · 4."""
    prior = np.array([1.0, 1, 3, 5])
    box = decode_boxes("CORNER_SIZE", prior, np.ones(4), np.array([0.5, 0.5, 1, -1]))
    assert box == pytest.approx([2, 3, 5, 1])


def test_centers_move_by_shares_of_the_sides_which_grow_exponentially() -> None:
    """Center (2, 3) + (0.5 · 2, 0.25 · 4) = (3, 4); half sides 1 · 2 and 2 · 0.5."""
    prior = np.array([1.0, 1, 3, 5])
    offsets = np.array([0.5, 0.25, np.log(2), np.log(0.5)])
    assert decode_boxes("CENTER_SIZE", prior, np.ones(4), offsets) == pytest.approx([1, 3, 5, 5])


ROW = np.array([[0.0, 0, 10, 1], [2.0, 0, 12, 1], [4.0, 0, 14, 1], [6.0, 0, 16, 1]])
"""Overlaps: neighbours 8/12 = 0.667, next but one 6/14 = 0.429, ends 4/16 = 0.25."""
SCORES = np.array([0.9, 0.8, 0.7, 0.6])


def kept(limit: float, eta: float = 1.0, top_k: int = -1, threshold: float = 0.0, scores=SCORES) -> list[int]:
    return nms(ROW, scores, threshold, top_k, limit, eta).tolist()


@pytest.mark.parametrize(
    ("limit", "stay"), [(0.7, [0, 1, 2, 3]), (0.6, [0, 2]), (0.4, [0, 3]), (0.2, [0]), (8 / 12, [0, 1, 2, 3])]
)
def test_a_box_stays_unless_it_overlaps_a_better_one_by_more_than_the_limit(limit: float, stay: list[int]) -> None:
    assert kept(limit) == stay


@pytest.mark.parametrize(
    ("limit", "eta", "stay"),
    [
        (0.9, 1.0, [0, 1, 2, 3]),
        (0.9, 0.7, [0, 2]),  # 0.63 after box 0, which strikes out 1; 0.441 after box 2, which strikes out 3
        (0.9, 0.8, [0, 1, 3]),  # 0.72, then 0.576: 2 overlaps 1 by 0.667, 3 overlaps 1 by 0.429
        (0.68, 0.6, [0, 3]),  # 0.408 after the first, and no lower, as it is not above 0.5
        (0.5, 0.1, [0, 2]),  # not above 0.5: it stays
        (0.4, 0.5, [0, 3]),
    ],
)
def test_the_limit_shrinks_by_eta_with_each_box_that_stays_while_it_is_above_a_half(limit, eta, stay) -> None:
    """SSD, bbox_util.cpp, ApplyNMSFast: if (keep && eta < 1 && adaptive_threshold > 0.5) adaptive_threshold *= eta."""
    assert kept(limit, eta) == stay


def test_boxes_are_taken_best_first_and_only_above_the_threshold() -> None:
    assert kept(0.6, scores=SCORES[::-1]) == [3, 1]
    assert kept(0.7, threshold=0.7) == [0, 1]  # 0.7 is not above it
    assert kept(0.7, top_k=2) == [0, 1]
    assert kept(0.7, top_k=0) == []
    assert kept(0.7, scores=np.full(4, 0.5)) == [0, 1, 2, 3]  # equal scores: in order
