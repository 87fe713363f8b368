"""Damage to text by words: names, numbers, braces and strings of a prototxt, or the words of a list of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from random import Random

from scripts.fuzzing.damage import EDGES, damage

_WORD = re.compile(r'"[^"\n]*"|\#[^\n]*|[A-Za-z_]\w*|-?[\d.]+(?:e-?\d+)?|\s+|.', re.DOTALL)
_DEPTHS = (*(1, 30, 150) * 10, 5000)
_STRANGE = ("-1", "0", "1e400", "nan", "-0", "0x10", "true", "false", '""', '"\\377"', '"\\0"', "'", "{", "}", "[", "]",
            "<", ">", ":", ";", ",", "#", "\ufeff", "1_0", "１", "layer { }", "AVE", "TRAIN")  # fmt: skip


def change(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """A text with one to five words changed; sometimes damaged by bytes, sometimes deep or long."""
    if draw.random() < 0.1:
        return damage(draw, data, others)
    words = [*split(data)]
    for _ in range(draw.choice((1, 1, 2, 3, 5))):
        _change(draw, words, split(draw.choice(others)))
    return "".join(words).encode("utf-8", "surrogateescape")


@cache
def split(data: bytes) -> Sequence[str]:
    """A text's words, blanks and marks, which together are the text (sound ones: few, so all are kept)."""
    return tuple(_WORD.findall(data.decode("utf-8", "surrogateescape")) or [""])


def _change(draw: Random, words: list[str], other: Sequence[str]) -> None:
    place, kind = draw.randrange(len(words) or 1), draw.randrange(9)
    if not words or kind == 0:
        words.insert(place, draw.choice(_STRANGE))
    elif kind == 1:
        del words[place : place + draw.choice((1, 1, 5, 20))]
    elif kind == 2:
        words[place] = str(draw.choice((-1, 1)) * draw.choice(EDGES))
    elif kind == 3:
        words[place] = draw.choice(_STRANGE)
    elif kind == 4:
        words[place] = draw.choice(other)
    elif kind == 5:
        start = draw.randrange(len(other) or 1)
        words[place:place] = other[start : start + draw.choice((3, 10, 50))]
    elif kind == 6:
        words[place:place] = words[place : place + draw.choice((1, 10, 40))] * draw.choice((1, 3, 30))
    elif kind == 7:
        _change_number(draw, words)
    else:
        words[place:place] = [draw.choice(("a { ", "x: [", "layer { ", "<"))] * draw.choice(_DEPTHS)


def _change_number(draw: Random, words: list[str]) -> None:
    """Another value for one of the numbers, which is what most fields of a net are."""
    places = [place for place, word in enumerate(words) if word[:1].isdigit() or word[:1] == "-"]
    if places:
        words[draw.choice(places)] = str(draw.choice((*EDGES, -1, -7, 0.5)))
