"""HDF5 files made up from what the library offers: chunks, filters, types, links, attributes; or damaged ones."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import h5py
import numpy as np

from scripts.fuzzing.damage import damage

_TYPES = ("<f4", "<f4", "<f4", "<f2", "<f8", ">f4", "<i4", "u1", "S5", "<c8", "?")
_CHUNKS = (*[2**12] * 60, *[2**17] * 30, *[2**20] * 9, 2**24)
"""Numbers along a side of a chunk; large ones seldom, since they take the library longer to write than to read."""

_NAMES = ("0", "0", "1", "2", "9999", "x", "00", "0/0", "iter", "caf\xe9")


def change(draw: Random, data: bytes, others: list[bytes]) -> bytes:
    """Damage, or a new file of Caffe's layout with strange datasets in it."""
    if draw.random() < 0.6:
        return damage(draw, data, others)
    try:
        return make_file(draw)
    except (ValueError, TypeError, KeyError, OSError, RuntimeError):  # what the library does not let be made
        return damage(draw, data, others)


def make_file(draw: Random) -> bytes:
    """A file with one to four datasets of any kind below /data or /history."""
    raw = io.BytesIO()
    with h5py.File(raw, "w") as file:
        root = file.create_group(draw.choice(("data", "data", "data", "history", "other")))
        for number in range(draw.choice((1, 1, 2, 4))):
            group = root.require_group(draw.choice(("fc", "conv/a", "b", "a/b/c", f"l{number}")))
            _add(draw, file, group, draw.choice(_NAMES))
        if draw.random() < 0.3:
            file.attrs["blob_order"] = draw.choice(('{"fc": ["weight"]}', "[", "{}", '{"fc": 3}'))
        if draw.random() < 0.3:
            file["iter"] = draw.choice((3, [3], [], "x", -1, 2**40))
    return raw.getvalue()


def _add(draw: Random, file: h5py.File, group: h5py.Group, name: str) -> None:
    kind = draw.randrange(10)
    if name in group:
        return
    if kind == 0:
        group[name] = draw.choice((h5py.SoftLink("/data"), h5py.ExternalLink("other.h5", "/x"), file["/"]))
    elif kind == 1:
        group.create_dataset(name, (4,), "<f4", external=[("/etc/hostname", 0, 16)])
    elif kind == 2:
        group[name] = h5py.Empty("<f4")
    elif kind == 3:
        group.create_dataset(name, (draw.choice((4, 2**20, 2**28, 2**33)),), "<f4", chunks=draw.choice((None, (1024,))))
    else:
        _add_data(draw, group, name)


def _add_data(draw: Random, group: h5py.Group, name: str) -> None:
    shape = tuple(draw.choice((1, 2, 3, 5)) for _ in range(draw.choice((0, 1, 2, 4))))
    data: Any = np.zeros(shape, draw.choice(_TYPES))
    options: dict[str, Any] = {}
    if shape and draw.random() < 0.5:
        chunks = [draw.choice((1, size)) for size in shape]
        options.update(draw.choice(({}, {"compression": "gzip"}, {"shuffle": True}, {"fletcher32": True})))
        if "compression" in options:  # a chunk far larger than the data, in a file that stays small
            chunks[draw.randrange(len(chunks))] = draw.choice(_CHUNKS)
        options.update(chunks=tuple(chunks), maxshape=(None,) * len(shape))
    group.create_dataset(name, data=data, **options)
