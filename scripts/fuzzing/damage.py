"""Damage that knows nothing of formats: bits, bytes, runs of them, cuts, pieces of other files."""

from __future__ import annotations

from random import Random

EDGES = (0, 1, 2, 3, 7, 8, 31, 32, 33, 100, 127, 128, 255, 256, 1000, 2**15, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1,
         2**32, 2**40, 2**53, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip
"""Numbers at which programs go wrong."""


def damage(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """One to four changes of a file; `others` are files of its kind, to take pieces from."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        data = draw.choice(_CHANGES)(draw, data, draw.choice(others))
    return data


def _flip(draw: Random, data: bytes, _other: bytes) -> bytes:
    place = draw.randrange(len(data) or 1)
    return data[:place] + bytes(byte ^ (1 << draw.randrange(8)) for byte in data[place : place + 1]) + data[place + 1 :]


def _byte(draw: Random, data: bytes, _other: bytes) -> bytes:
    place = draw.randrange(len(data) or 1)
    return data[:place] + bytes([draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))]) + data[place + 1 :]


def _number(draw: Random, data: bytes, _other: bytes) -> bytes:
    width = draw.choice((2, 4, 8))
    place = draw.randrange(len(data) or 1)
    value = draw.choice(EDGES) % (1 << 8 * width)
    return data[:place] + value.to_bytes(width, draw.choice(("little", "big"))) + data[place + width :]


def _cut(draw: Random, data: bytes, _other: bytes) -> bytes:
    return data[: draw.randrange(len(data) or 1)]


def _drop(draw: Random, data: bytes, _other: bytes) -> bytes:
    place = draw.randrange(len(data) or 1)
    return data[:place] + data[place + draw.choice((1, 2, 4, 16, 200)) :]


def _repeat(draw: Random, data: bytes, _other: bytes) -> bytes:
    place, size = draw.randrange(len(data) or 1), draw.choice((1, 4, 16, 200))
    return data[:place] + data[place : place + size] * draw.choice((2, 3, 50)) + data[place + size :]


def _insert(draw: Random, data: bytes, _other: bytes) -> bytes:
    place = draw.randrange(len(data) or 1)
    return data[:place] + draw.randbytes(draw.choice((1, 2, 8, 100))) + data[place:]


def _splice(draw: Random, data: bytes, other: bytes) -> bytes:
    return data[: draw.randrange(len(data) or 1)] + other[draw.randrange(len(other) or 1) :]


_CHANGES = (_flip, _byte, _number, _cut, _drop, _repeat, _insert, _splice)
