"""Where boxes and arrows go, top to bottom: ranks, an order with few crossings, places without overlap (Sugiyama).

A rank is the longest way from the inputs. An arrow past further ranks has a thin place of its own in each, so that
it runs between the boxes; the arrows of one blob share these places.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

RANK_GAP = 52.0
"""Between the boxes of a rank and those of the next: room for a shape and for arrows to cross over, in pixels."""
_SIDE_GAP = 20.0
_THIN = 10.0
_ORDER_SWEEPS, _PLACE_SWEEPS = 24, 120
_STRAIGHT = 8.0
"""How much more a bend in the middle of a long arrow weighs than one beside a box."""
_MIDDLE = 0.15
"""How much every place is drawn to the middle, beside its links' 1: a long net stays in one column."""
_REACH = 1.8
"""How far past its best place a box goes in all but the last sweeps, which then need be fewer (over-relaxation)."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a box to a later one; the offsets say where it leaves and meets them, from their left; `blob` is shared."""

    tail: int
    head: int
    tail_offset: float
    head_offset: float
    blob: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper left corner of every box, and each arrow's points; straight down in ranks, bent between them."""

    corners: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Link:
    """Joins places of ranks that follow each other; offsets from the places' left."""

    upper: int
    lower: int
    upper_offset: float
    lower_offset: float


def arrange(sizes: Sequence[Point], arrows: Sequence[Arrow]) -> Layout:
    """Place boxes of these (width, height), given in an order in which every arrow leads to a later one."""
    ranks = _ranks(len(sizes), arrows)
    chains = _chains(ranks, arrows)
    widths = [width for width, _ in sizes] + [_THIN] * (len(ranks) - len(sizes))
    links = list(
        dict.fromkeys(link for arrow, chain in zip(arrows, chains, strict=True) for link in _links(arrow, chain))
    )
    rows = _order(ranks, links)
    left = _places(rows, widths, links, len(sizes))
    tops, bottoms = _heights(rows, sizes)
    corners = tuple((left[box], tops[ranks[box]]) for box in range(len(sizes)))
    routes = []
    for arrow, chain in zip(arrows, chains, strict=True):
        (x, y), rank = corners[arrow.tail], ranks[arrow.tail]
        points = [(x + arrow.tail_offset, y + sizes[arrow.tail][1]), (x + arrow.tail_offset, bottoms[rank])]
        for place in chain:
            points += [(left[place] + _THIN / 2, edge[ranks[place]]) for edge in (tops, bottoms)]
        routes.append((*points, (left[arrow.head] + arrow.head_offset, tops[ranks[arrow.head]])))
    width = max((x + width for x, width in zip(left, widths, strict=True)), default=0.0)
    return Layout(corners, tuple(routes), width, bottoms[-1] if bottoms else 0.0)


def _chains(ranks: list[int], arrows: Sequence[Arrow]) -> list[list[int]]:
    """For each arrow its thin places, one in each rank that it passes; their ranks are added to `ranks`."""
    thin: dict[tuple[int, int], int] = {}
    chains = []
    for arrow in arrows:
        passed = [(arrow.blob, rank) for rank in range(ranks[arrow.tail] + 1, ranks[arrow.head])]
        for key in passed:
            if key not in thin:
                thin[key] = len(ranks)
                ranks.append(key[1])
        chains.append([thin[key] for key in passed])
    return chains


def _links(arrow: Arrow, chain: Sequence[int]) -> Iterable[_Link]:
    stops = (arrow.tail, *chain, arrow.head)
    offsets = (arrow.tail_offset, *[_THIN / 2] * len(chain), arrow.head_offset)
    return map(_Link, stops, stops[1:], offsets, offsets[1:])


def _ranks(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """The longest way from a box without bottoms; such a box itself stands just above what reads it."""
    ranks, fed = [0] * count, {arrow.head for arrow in arrows}
    for arrow in sorted(arrows, key=lambda arrow: arrow.tail):
        ranks[arrow.head] = max(ranks[arrow.head], ranks[arrow.tail] + 1)
    heads: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        heads[arrow.tail].append(ranks[arrow.head])
    for box, below in heads.items():
        if box not in fed:
            ranks[box] = min(below) - 1
    return ranks


def _order(ranks: Sequence[int], links: Sequence[_Link]) -> list[list[int]]:
    """The places of each rank from left to right: sweeps by barycenter, the ones with the fewest crossings."""
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for place, rank in enumerate(ranks):
        rows[rank].append(place)
    above, below = defaultdict(list), defaultdict(list)
    for link in links:
        above[link.lower].append(link.upper)
        below[link.upper].append(link.lower)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(_ORDER_SWEEPS):
        if not fewest:
            break
        _sort_by_barycenter(rows if sweep % 2 == 0 else rows[::-1], above if sweep % 2 == 0 else below)
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _sort_by_barycenter(rows: Sequence[list[int]], neighbors: Mapping[int, Sequence[int]]) -> None:
    """Sort each row after the first by the mean position of its places' neighbors in the row before, in place."""
    for before, row in pairwise(rows):
        position = {place: index / max(len(before) - 1, 1) for index, place in enumerate(before)}
        own = {place: index / max(len(row) - 1, 1) for index, place in enumerate(row)}
        for place in row:
            known = [position[other] for other in neighbors.get(place, ())]
            own[place] = sum(known) / len(known) if known else own[place]
        row.sort(key=own.__getitem__)


def _crossings(rows: Sequence[Sequence[int]], below: Mapping[int, Sequence[int]]) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        position = {place: index for index, place in enumerate(lower)}
        seen: list[int] = []
        for place in upper:
            ends = sorted(position[other] for other in below.get(place, ()))
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _places(rows: Sequence[Sequence[int]], widths: Sequence[float], links: Sequence[_Link], boxes: int) -> list[float]:
    """Left edges: row by row, again and again, the places that keep links shortest across; the order is kept."""
    left = [0.0] * len(widths)
    ties: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for link in links:
        weight = _STRAIGHT if min(link.upper, link.lower) >= boxes else 1.0
        shift = link.upper_offset - link.lower_offset
        ties[link.lower].append((link.upper, shift, weight))
        ties[link.upper].append((link.lower, -shift, weight))
    for sweep in range(_PLACE_SWEEPS):
        reach = _REACH if 0 < sweep < _PLACE_SWEEPS * 3 // 4 else 1.0
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            drawn = [[(left[other] + shift, weight) for other, shift, weight in ties[place]] for place in row]
            pairs = zip(row, drawn, strict=True)
            wishes = [_wish(left[place], -widths[place] / 2, draws, reach) for place, draws in pairs]
            for place, x in zip(row, _apart(row, wishes, widths), strict=True):
                left[place] = x
    first = min(left, default=0.0)
    return [x - first for x in left]


def _wish(now: float, middle: float, draws: Sequence[tuple[float, float]], reach: float) -> tuple[float, float]:
    """Where a place would stand best, and how much that weighs: the weighted mean of where links and middle draw it."""
    weight = _MIDDLE + sum(weight for _, weight in draws)
    best = (_MIDDLE * middle + sum(x * weight for x, weight in draws)) / weight
    return now + reach * (best - now), weight


def _apart(row: Sequence[int], wishes: Sequence[tuple[float, float]], widths: Sequence[float]) -> list[float]:
    """The places nearest to the wishes (least squares) at which none overlaps: pool adjacent violators."""
    offset, offsets, blocks = 0.0, [], []
    for place, (wish, weight) in zip(row, wishes, strict=True):
        offsets.append(offset)
        blocks.append((wish - offset, weight, 1))
        offset += widths[place] + _SIDE_GAP
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, heavy, m), (b, light, n) = blocks[-2:]
            blocks[-2:] = [((a * heavy + b * light) / (heavy + light), heavy + light, m + n)]
    shifts = [shift for shift, _, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]


def _heights(rows: Sequence[Sequence[int]], sizes: Sequence[Point]) -> tuple[list[float], list[float]]:
    """Upper and lower border of every rank, as high as its highest box."""
    tops, bottoms, y = [], [], 0.0
    for row in rows:
        tops.append(y)
        y += max((sizes[place][1] for place in row if place < len(sizes)), default=0.0)
        bottoms.append(y)
        y += RANK_GAP
    return tops, bottoms
