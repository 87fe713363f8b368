"""Damage to archives by member: the table of a safetensors file, the members of an npz, a `.pth` or a zip."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from random import Random
from typing import Any

from scripts.fuzzing.damage import EDGES, damage

_METHODS = (*(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) * 5, *[zipfile.ZIP_BZIP2] * 4, zipfile.ZIP_LZMA)
_SIZES = (*(0, 1, 100) * 10, 100_000, 100_000, 3_000_000)
"""Bytes of a member of zeros: large ones seldom, since packing takes longer than reading."""

_DIGITS = re.compile(rb"\d+")


def change_safetensors(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """Another table before the same numbers, its length put right, or mere damage."""
    try:
        length = int.from_bytes(data[:8], "little")
        table = json.loads(data[8 : 8 + length])
    except ValueError:
        return damage(draw, data, others)
    if draw.random() < 0.2 or not table:
        return damage(draw, data, others)
    for _ in range(draw.choice((1, 1, 2))):
        _change_entry(draw, table)
    text = json.dumps(table).encode()
    if draw.random() < 0.1:
        text = damage(draw, text, [text])
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def _change_entry(draw: Random, table: dict[str, Any]) -> None:
    key = draw.choice(list(table))
    entry, kind = table[key], draw.randrange(7)
    if kind == 0:
        del table[key]
    elif kind == 1:
        table[draw.choice(("", ".", "a..b", "\ud800", "__metadata__", key + ".x", "module." + key))] = entry
    elif not isinstance(entry, dict) or not entry:
        table[key] = draw.choice(({}, [], None, {"dtype": "F32"}, {"a": "b"}))
    elif kind == 2:
        entry["dtype"] = draw.choice(("F16", "F64", "I64", "BF16", "", None, 3))
    elif kind == 3:
        entry["shape"] = draw.choice(([], [0], [-1, -1], [draw.choice(EDGES)], [1] * 40, [1.5], None, ["3"], [True]))
    elif kind == 4:
        entry["data_offsets"] = draw.choice(([0, 0], [0, draw.choice(EDGES)], [8, 4], [-8, 8], [], None, [0, 4, 8]))
    elif kind == 5:
        field = draw.choice(list(entry))
        del entry[field]
    else:
        entry[draw.choice(("dtype", "more"))] = draw.choice((None, "x", [], {}))


def change_zip(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """Other members in an archive that is sound, or mere damage."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [[info.filename, archive.read(info), info.compress_type] for info in archive.infolist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return damage(draw, data, others)
    if draw.random() < 0.3 or not members:
        return damage(draw, data, others)
    for _ in range(draw.choice((1, 1, 2))):
        _change_member(draw, members)
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        warnings.simplefilter("ignore")
        for name, body, method in members:
            archive.writestr(str(name) or "/", body, method)
    return made.getvalue()


def _change_member(draw: Random, members: list[list[Any]]) -> None:
    member, kind = draw.choice(members), draw.randrange(8)
    if kind == 0 and len(members) > 1:
        members.remove(member)
    elif kind == 1:
        members.append([*member])
    elif kind == 2:
        member[0] = draw.choice(
            ("", "x", "..npy", "../x.npy", "a.b.c.npy", "module.a.npy", "x/data.pkl", "caf\xe9.npy")
        )
    elif kind == 3:
        member[2] = draw.choice(_METHODS)
    elif kind == 4:
        found = list(_DIGITS.finditer(member[1][:200]))
        if found:
            at = draw.choice(found)
            member[1] = member[1][: at.start()] + str(draw.choice(EDGES)).encode() + member[1][at.end() :]
    elif kind == 5:
        member[1] = bytes(draw.choice(_SIZES))
        member[2] = zipfile.ZIP_DEFLATED
    else:
        member[1] = damage(draw, member[1], [member[1]])
