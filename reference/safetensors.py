"""Reads .safetensors: eight bytes of length, a JSON table of {key: dtype, shape, data_offsets}, the numbers.

Source: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WireError
from reference.stored import Arrays
from reference.wire import map_wire

_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}

_LONGEST_TABLE = 100_000_000  # MAX_HEADER_SIZE of the format's own reader: safetensors/src/tensor.rs


def is_safetensors(head: bytes) -> bool:
    """Whether a file's first bytes are a table's length and its brace; a caffemodel's would be a length of exabytes."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40


def read_safetensors(path: str) -> Arrays:
    """A .safetensors file -> its arrays by key, of the shapes stored: views of the mapped file.

    Raises:
        WireError: the file is missing, cut off or damaged, or holds other numbers than F16, F32 and F64.
    """
    data = map_wire(path).data
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        raise WireError(f"its table of {length} bytes is longer than the file of {len(data)}", path=path)
    if length > _LONGEST_TABLE:
        raise WireError(f"its table has {length} bytes; the format allows {_LONGEST_TABLE}", path=path)
    table = _table(bytes(data[8 : 8 + length]), path)
    numbers = data[8 + length :]
    arrays = {}
    spans = []
    for key, entry in table.items():
        if key != "__metadata__":
            arrays[key], span = _tensor(numbers, key, entry, path)
            spans.append(span)
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise WireError(f"byte {min(begin, end)} of its numbers lies in two tensors or none", path=path)
        end = stop
    if end != len(numbers):
        raise WireError(f"its tensors end at byte {end} of {len(numbers)}; is the file cut off?", path=path)
    return arrays


def _table(text: bytes, path: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        table = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise WireError(f"its table is no JSON: {error}; is the file damaged?", path=path) from None
    if not isinstance(table, dict):
        raise WireError("its table is no JSON object; is the file damaged?", path=path)
    return table


def _tensor(numbers: memoryview, key: str, entry: Any, path: str) -> tuple[NDArray[Any], tuple[int, int]]:
    """One entry's array, and its bytes' place."""
    try:
        kind, shape, (begin, stop) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        dtype = np.dtype(_TYPES[kind])
        whole = all(type(number) is int and number >= 0 for number in (*shape, begin, stop))
        if not whole or stop > len(numbers) or stop - begin != math.prod(shape) * dtype.itemsize:
            raise ValueError(key)
        return np.frombuffer(numbers, dtype, math.prod(shape), begin).reshape(shape), (begin, stop)
    except (KeyError, TypeError, ValueError):
        what = f"the entry of key {key!r} does not fit the file: {str(entry)[:80]}"
        raise WireError(f"{what}; expected F16, F32 or F64 numbers inside it", path=path) from None
