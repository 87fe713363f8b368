"""BlobProto: one blob of a binary file, as a view where its numbers lie in one run.

Read: `data` and `double_data`, packed, in several packed runs, or unpacked; `shape` and the legacy four numbers; and
NVIDIA's raw numbers (10: type 0 double, 1 float, 2 half; 12: bytes), which other forks' fields 10 to 17 cannot be taken
for: theirs have other wire types. Gradients are skipped. Source: src/caffe/blob.cpp, FromProto.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from converter.errors import CaffemodelError
from converter.files.mapping import Mapped
from converter.formats.protobuf.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Span,
    WireField,
    field_at,
    to_signed,
    varint,
    walk,
)
from converter.formats.weights.stored import Array, StoredBlob, blob_in_file

MAX_AXES = 32
_MOST_NUMBERS = 2**31 - 1
_NUMBERS = {5: "<f4", 8: "<f8"}
_UNPACKED = {5: FIXED32, 8: FIXED64}
_RAW = {0: "<f8", 1: "<f4", 2: "<f2"}
_MOST_RUNS = 10_000
_ROWS = 1 << 20


class _Run(NamedTuple):
    """Numbers that lie `step` bytes apart, the first at byte `start`."""

    start: int
    length: int
    dtype: str
    step: int


class _Parts:
    """What a BlobProto's fields said so far."""

    def __init__(self) -> None:
        self.legacy: dict[int, int] = {}
        self.dims: list[int] = []
        self.runs: dict[int, list[_Run]] = {5: [], 8: []}
        self.raw_type = -1
        self.raw: Span | None = None


class _BlobError(Exception):
    """A blob that cannot be; the text misses the place."""


def read_blob(file: Mapped, span: Span, layer: str = "", index: int = 0) -> StoredBlob:
    """The blob whose message lies in `span`; `layer` and `index` are for the error's text.

    Raises:
        CaffemodelError: the message is damaged, has more than 32 axes, a negative one, or not as many numbers as its
            shape says.
    """
    try:
        return _blob(file, _collect(file, span))
    except _BlobError as error:
        where = f"layer '{layer}' blob {index}: " if layer else ""
        text = f"{where}{error}; the file is damaged, download it again"
        raise CaffemodelError(text, path=file.path, layer=layer or None) from None


def _blob(file: Mapped, parts: _Parts) -> StoredBlob:
    """The parts put together, once shape and numbers agree."""
    shape = _shape(parts)
    runs = _numbers(parts)
    held = sum(run.length for run in runs)
    if held != math.prod(shape):
        sizes = "×".join(map(str, shape)) or "scalar"
        raise _BlobError(f"its shape {sizes} says {math.prod(shape)} numbers, it holds {held}")
    if len(runs) == 1 and runs[0].step == _width(runs[0].dtype):
        return blob_in_file(file, runs[0].dtype, runs[0].start, shape, legacy=bool(parts.legacy))
    import numpy as np

    arrays = [_gather(file, run) for run in runs]
    flat: Array = np.concatenate(arrays) if arrays else np.empty(0, np.float32)
    return StoredBlob(flat.reshape(shape), bool(parts.legacy))


def _width(dtype: str) -> int:
    """Bytes of a number."""
    return int(dtype[2:])


def _collect(file: Mapped, span: Span) -> _Parts:
    """Every field sorted by meaning; a known number with a wrong wire type is skipped, as protobuf does."""
    parts, position = _Parts(), span.start
    while position < span.end:
        item = field_at(file, position, span.end)
        position = item.span.end
        if len(parts.runs[5]) + len(parts.runs[8]) > _MOST_RUNS:
            raise _BlobError(f"numbers in more than {_MOST_RUNS} runs")
        if item.wire == VARINT:
            _collect_varint(parts, item)
        elif item.number in _NUMBERS and item.wire == BYTES:
            parts.runs[item.number].append(_packed_numbers(item))
        elif item.number in _NUMBERS and item.wire == _UNPACKED[item.number]:
            run = _unpacked_run(file, item, span.end)
            parts.runs[item.number].append(run)
            position = item.start + run.length * run.step
        elif item.wire == BYTES and item.number == 7:
            parts.dims += _dims(file, item.span, MAX_AXES - len(parts.dims))
        elif item.wire == BYTES and item.number == 12:
            parts.raw = item.span
    return parts


def _collect_varint(parts: _Parts, item: WireField) -> None:
    """The legacy sizes (int32) and the raw numbers' type."""
    if item.number <= 4:
        value = item.value & 0xFFFFFFFF
        parts.legacy[item.number] = value - (1 << 32) if value >= 1 << 31 else value
    elif item.number == 10:
        parts.raw_type = item.value


def _packed_numbers(item: WireField) -> _Run:
    """A packed field's numbers."""
    dtype = _NUMBERS[item.number]
    width = _width(dtype)
    if item.span.size % width:
        raise _BlobError(
            f"{item.span.size} bytes at byte {item.span.start} are no whole number of {width}-byte numbers"
        )
    return _Run(item.span.start, item.span.size // width, dtype, width)


def _unpacked_run(file: Mapped, item: WireField, end: int) -> _Run:
    """The longest run of unpacked numbers that begins with `item`: records of one tag byte and one number."""
    dtype = _NUMBERS[item.number]
    step = 1 + _width(dtype)
    if item.span.start != item.start + 1:
        return _Run(item.span.start, 1, dtype, item.span.end - item.start)
    import numpy as np

    tag, possible, count = file.data[item.start], (end - item.start) // step, 0
    while count < possible:
        rows = min(_ROWS, possible - count)
        tags = file.view("u1", item.start + count * step, rows * step)[::step]
        differs = np.flatnonzero(tags != tag)
        count += int(differs[0]) if differs.size else rows
        if differs.size:
            break
    return _Run(item.start + 1, count, dtype, step)


def _gather(file: Mapped, run: _Run) -> Array:
    """A copy of a run's numbers, (count,)."""
    import numpy as np

    dtype = np.dtype(run.dtype)
    last = run.start + (run.length - 1) * run.step + dtype.itemsize if run.length else run.start
    view: Array = np.ndarray((run.length,), dtype, file.view("u1", run.start, last - run.start), 0, (run.step,))
    return view.copy()


def _numbers(parts: _Parts) -> list[_Run]:
    """The runs that count: doubles before floats, as Caffe reads them; else NVIDIA's raw numbers."""
    for number in (8, 5):
        if any(run.length for run in parts.runs[number]):
            return parts.runs[number]
    if parts.raw is None or parts.raw_type not in _RAW:
        return []
    width = _width(_RAW[parts.raw_type])
    if parts.raw.size % width:
        raise _BlobError(f"{parts.raw.size} bytes of raw data are no whole number of {width}-byte numbers")
    return [_Run(parts.raw.start, parts.raw.size // width, _RAW[parts.raw_type], width)]


def _dims(file: Mapped, span: Span, room: int) -> list[int]:
    """BlobShape's sizes, packed or not."""
    dims: list[int] = []
    for item in walk(file, span):
        if item.number != 1 or item.wire not in (VARINT, BYTES):
            continue
        position, stop = item.span
        while position < stop:
            value, position = varint(file, position, stop)
            dims.append(to_signed(value))
            if len(dims) > room:
                raise _BlobError(f"a shape of more than {MAX_AXES} axes")
    return dims


def _shape(parts: _Parts) -> tuple[int, ...]:
    """The blob's shape; one of the four legacy sizes is enough for the legacy form, the others are 0 then."""
    shape = tuple(parts.legacy.get(axis, 0) for axis in (1, 2, 3, 4)) if parts.legacy else tuple(parts.dims)
    if any(size < 0 for size in shape) or math.prod(max(size, 1) for size in shape) > _MOST_NUMBERS:
        raise _BlobError(f"a shape that cannot be, {'×'.join(map(str, shape))}")
    return shape
