"""Changes to LMDB files: numbers of heads, page heads and nodes, pages exchanged, files cut at a page."""

from __future__ import annotations

import struct
from random import Random

from scripts.fuzzing.damage import damage

_PAGE = 4096
_HEAD = 16
_NUMBERS = (0, 1, 2, 3, 4, 8, 15, 16, 255, 256, 4095, 4096, 32767, 65535, 2**31, 2**32 - 1, 2**63, 2**64 - 1)


def change(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """One to four changes; now and then bytes anywhere."""
    if draw.random() < 0.2:
        return damage(draw, data, others)
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        draw.choice((_set_number, _set_node, _exchange, _cut))(draw, changed)
    return bytes(changed)


def _set_number(draw: Random, data: bytearray) -> None:
    """A number in a page's head, or in what follows a file's head."""
    page = draw.randrange(max(1, len(data) // _PAGE)) * _PAGE
    _put(draw, data, page + draw.randrange(0, 160 if page < 2 * _PAGE else 32, 2))


def _set_node(draw: Random, data: bytearray) -> None:
    """A number in a node, found by the page's list of them."""
    page = draw.randrange(max(1, len(data) // _PAGE)) * _PAGE
    if page + _HEAD + 2 <= len(data):
        place = struct.unpack_from("<H", data, page + _HEAD)[0]
        _put(draw, data, page + place % _PAGE + draw.randrange(0, 16, 2))


def _put(draw: Random, data: bytearray, at: int) -> None:
    width = draw.choice((2, 4, 8))
    if at + width <= len(data):
        old = int.from_bytes(data[at : at + width], "little")
        new = draw.choice((draw.choice(_NUMBERS), old + draw.choice((-1, 1)), draw.getrandbits(16)))
        data[at : at + width] = (new % 2 ** (8 * width)).to_bytes(width, "little")


def _exchange(draw: Random, data: bytearray) -> None:
    """A page in the place of another, with that one's number or its own."""
    count = len(data) // _PAGE
    if count > 1:
        source, target = draw.randrange(count) * _PAGE, draw.randrange(count) * _PAGE
        own = data[target : target + 8]
        data[target : target + _PAGE] = data[source : source + _PAGE]
        if draw.random() < 0.7:
            data[target : target + 8] = own


def _cut(draw: Random, data: bytearray) -> None:
    """The file ends earlier."""
    if len(data) > _PAGE and draw.random() < 0.2:
        del data[draw.randrange(1, len(data) // _PAGE + 1) * _PAGE - draw.choice((0, 1, 100)) :]
