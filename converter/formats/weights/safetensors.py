"""`.safetensors`: a JSON header and numbers behind it; read as views, written without torch.

Layout: 8 bytes little-endian header length, the header `{key: {dtype, shape, data_offsets}, "__metadata__": {…}}`,
padded with spaces (here until the numbers begin with a page), then the numbers without holes.
Source: https://github.com/huggingface/safetensors.
Keys are `graph.names.key(layer, blob)`; the metadata's `blob_order` lists each layer's blobs in Caffe's order.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, TypeGuard

from converter.files.mapping import Mapped, map_file
from converter.formats.protobuf.blob import MAX_AXES
from converter.formats.weights.detect import refuse
from converter.formats.weights.keyed import layers_of
from converter.formats.weights.stored import StoredBlob, StoredNet

_LENGTH = 8
_PAGE = 4096
_LONGEST_HEADER = 100_000_000
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
_WORDS = {dtype: word for word, dtype in _DTYPES.items()}


def read_safetensors(path: str | os.PathLike[str]) -> StoredNet:
    """The weights in a safetensors file, ours or any whose keys read `<layer>.<blob>`.

    Raises:
        CaffemodelError: it is missing, is another kind of file, is truncated or damaged, or holds numbers that are no
            F16, F32 or F64.
    """
    file = map_file(path)
    if file.kind != "safetensors":
        raise refuse(file.path, file.kind)
    header, base = _header(file)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise file.broken("its metadata is not a table of texts; the file is damaged, download it again")
    blobs = {name: _blob(file, base, name, entry) for name, entry in header.items()}
    return StoredNet(file.path, metadata.get("net", ""), layers_of(file.path, blobs, metadata), file, metadata)


def encode_header(blobs: Mapping[str, StoredBlob], metadata: Mapping[str, str]) -> bytes:
    """The bytes before the numbers, which must follow in the order of `blobs`."""
    table: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for name, blob in blobs.items():
        offsets = [position, position + blob.array.nbytes]
        table[name] = {"dtype": _WORDS[blob.array.dtype.str], "shape": list(blob.array.shape), "data_offsets": offsets}
        position = offsets[1]
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(_LENGTH + len(text)) % _PAGE)
    return len(text).to_bytes(_LENGTH, "little") + text


def _header(file: Mapped) -> tuple[dict[str, Any], int]:
    """The header's table and where the numbers begin."""
    length = int.from_bytes(file.data[:_LENGTH], "little")
    if length > min(_LONGEST_HEADER, file.size - _LENGTH):
        raise file.broken(
            f"the file is truncated: its header has {length} bytes, the file {file.size}; download it again"
        )
    try:
        table = json.loads(file.data[_LENGTH : _LENGTH + length])
    except (ValueError, RecursionError) as error:
        raise file.broken(f"its header is no JSON ({error}); the file is damaged, download it again") from error
    if not isinstance(table, dict) or any("\ud800" <= letter <= "\udfff" for letter in "".join(table)):
        raise file.broken("its header is no table of names; the file is damaged, download it again")
    return table, _LENGTH + length


def _blob(file: Mapped, base: int, name: str, entry: object) -> StoredBlob:
    """One tensor, once its entry has been checked against the file."""
    if not isinstance(entry, dict):
        raise file.broken(f"'{name}' has no entry that reads; the file is damaged, download it again")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise file.broken(f"'{name}' is of type {dtype}, not {', '.join(_DTYPES)}; save it as F32")
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != 2 or not _possible(shape):
        raise file.broken(f"'{name}' has shape {shape} at {offsets}; the file is damaged, download it again")
    width, count = int(_DTYPES[dtype][-1]), math.prod(shape)
    if offsets[1] - offsets[0] != count * width:
        raise file.broken(f"'{name}': shape {shape} needs {count * width} bytes, it has {offsets[1] - offsets[0]}")
    if base + offsets[1] > file.size:
        needed = base + offsets[1]
        raise file.broken(
            f"the file is truncated: '{name}' needs {needed} bytes, the file has {file.size}; download it again"
        )
    return StoredBlob(file.view(_DTYPES[dtype], base + offsets[0], count).reshape(shape), offset=base + offsets[0])


def _possible(shape: list[int]) -> bool:
    """Whether NumPy and Caffe can have such an array."""
    return len(shape) <= MAX_AXES and math.prod(max(size, 1) for size in shape) < 1 << 40


def _sizes(value: object) -> TypeGuard[list[int]]:
    """Whether a JSON value is a list of sizes."""
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 1 << 48 for size in value)
