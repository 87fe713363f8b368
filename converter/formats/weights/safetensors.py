"""`.safetensors`: a JSON header and numbers behind it; read as views, written without torch.

Layout: 8 bytes little-endian header length, the header `{key: {dtype, shape, data_offsets}, "__metadata__": {…}}`,
padded with spaces (here until the numbers begin with a page), then the numbers without holes.
Source: https://github.com/huggingface/safetensors.
Keys are `<layer>.<blob>`; our metadata's `blob_order` has each layer's blobs in Caffe's order, `layer_types` its type.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from converter.files.atomic import atomic_write
from converter.files.copy import copy_blobs
from converter.files.json_text import parse_json
from converter.files.libc import reserve
from converter.files.mapping import Mapped, map_file
from converter.formats.detect import format_of, wrong_format
from converter.formats.protobuf.blob import MAX_AXES
from converter.formats.weights.keys import by_key, layer_metadata, weights_by_key
from converter.formats.weights.stored import OutputWeights, StoredBlob, StoredWeights, blob_in_file

_LENGTH = 8
_PAGE = 4096
_LONGEST_HEADER = 100_000_000
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
_WORDS = {dtype: word for word, dtype in _DTYPES.items()}


def read_safetensors(path: str | os.PathLike[str]) -> StoredWeights:
    """The weights in a safetensors file, ours or any whose keys read `<layer>.<blob>`.

    Raises:
        CaffemodelError: it is missing, is another kind of file, is truncated or damaged, or holds numbers that are no
            F16, F32 or F64.
    """
    file = map_file(path)
    if (kind := format_of(file)) != "safetensors":
        raise wrong_format(file.path, kind)
    header, base = _header(file)
    metadata = _texts(file, header)
    blobs = {name: _blob(file, base, name, entry) for name, entry in header.items()}
    _check_tiling(file, base, blobs)
    return weights_by_key(file.path, blobs, metadata, file)


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The texts that a safetensors file holds beside its numbers; raises CaffemodelError as `read_safetensors`."""
    file = map_file(path)
    if (kind := format_of(file)) != "safetensors":
        raise wrong_format(file.path, kind)
    return _texts(file, _header(file)[0])


def holds_blobs(path: str | os.PathLike[str]) -> bool:
    """Whether there are numbers in a safetensors file; raises CaffemodelError as `read_safetensors`."""
    file = map_file(path)
    if (kind := format_of(file)) != "safetensors":
        raise wrong_format(file.path, kind)
    return bool(_header(file)[0].keys() - {"__metadata__"})


def _texts(file: Mapped, header: dict[str, Any]) -> dict[str, str]:
    """The metadata, which are taken out of the header."""
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise file.error("its metadata is not a table of texts; the file is damaged, download it again")
    return metadata


def write(path: Path, outgoing: OutputWeights) -> None:
    """Write blobs under their keys, with origin, blob order and layer types in the metadata; bytes are copied.

    `outgoing.check` is asked where a number that was copied may not be finite; another thread takes the source's
    digest. The header, whose length does not depend on the digest, is written last.

    Raises:
        OutputError: the file cannot be written.
    """
    weights = outgoing.weights
    found = by_key(weights)
    blobs = dict(sorted(found.items(), key=lambda item: -int(item[1].number_type[2:])))  # every tensor stays aligned
    header = _metadata_header(outgoing, blobs, outgoing.origin.no_digest)
    with atomic_write(path, wait=False) as file:
        reserve(file.fileno(), len(header) + sum(blob.nbytes for blob in blobs.values()))
        threads = 1 if outgoing.origin.sha256 else 2  # the digest, which takes longer, has a thread and its core
        if copy_blobs(weights.path, blobs.values(), file.fileno(), len(header), threads=threads):
            outgoing.check()
        file.seek(0)
        file.write(_metadata_header(outgoing, blobs, outgoing.origin.digest()))


def _metadata_header(outgoing: OutputWeights, blobs: Mapping[str, StoredBlob], digest: str) -> bytes:
    """The header with a digest in its metadata."""
    metadata = {"format": "pt", **outgoing.origin.table(digest), **layer_metadata(outgoing.weights)}
    return encode_header(blobs, metadata)


def encode_header(blobs: Mapping[str, StoredBlob], metadata: Mapping[str, str]) -> bytes:
    """The bytes before the numbers, which must follow in the order of `blobs`."""
    table: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for name, blob in blobs.items():
        offsets = [position, position + blob.nbytes]
        table[name] = {"dtype": _WORDS[blob.number_type], "shape": list(blob.shape), "data_offsets": offsets}
        position = offsets[1]
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(_LENGTH + len(text)) % _PAGE)
    return len(text).to_bytes(_LENGTH, "little") + text


def _header(file: Mapped) -> tuple[dict[str, Any], int]:
    """The header's table and where the numbers begin."""
    length = int.from_bytes(file.data[:_LENGTH], "little")
    if length > min(_LONGEST_HEADER, file.size - _LENGTH):
        raise file.error(
            f"the file is truncated: its header has {length} bytes, the file {file.size}; download it again"
        )
    try:
        table = parse_json(file.data[_LENGTH : _LENGTH + length], object_pairs_hook=_table)
    except ValueError as error:
        raise file.error(f"its header is no JSON ({error}); the file is damaged, download it again") from error
    if not isinstance(table, dict) or any("\ud800" <= letter <= "\udfff" for letter in "".join(table)):
        raise file.error("its header is no table of names; the file is damaged, download it again")
    return table, _LENGTH + length


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of two values under one key json would drop the first in silence."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is there twice")
    return table


def _blob(file: Mapped, base: int, name: str, entry: object) -> StoredBlob:
    """One tensor, once its entry has been checked against the file."""
    if not isinstance(entry, dict):
        raise file.error(f"'{name}' has no entry that reads; the file is damaged, download it again")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise file.error(f"'{name}' is of type {dtype}, not {', '.join(_DTYPES)}; save it as F32")
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != 2 or not _is_possible_shape(shape):
        raise file.error(f"'{name}' has shape {shape} at {offsets}; the file is damaged, download it again")
    width, count = int(_DTYPES[dtype][-1]), math.prod(shape)
    if offsets[1] - offsets[0] != count * width:
        raise file.error(f"'{name}': shape {shape} needs {count * width} bytes, it has {offsets[1] - offsets[0]}")
    if base + offsets[1] > file.size:
        needed = base + offsets[1]
        raise file.error(
            f"the file is truncated: '{name}' needs {needed} bytes, the file has {file.size}; download it again"
        )
    return blob_in_file(file, _DTYPES[dtype], base + offsets[0], tuple(shape))


def _check_tiling(file: Mapped, base: int, blobs: Mapping[str, StoredBlob]) -> None:
    """Refuse numbers that overlap or leave holes, both of which the format forbids.

    Raises:
        CaffemodelError: they do.
    """
    end = base
    for name, blob in sorted(blobs.items(), key=lambda item: (item[1].offset, item[1].nbytes)):
        if blob.offset != end:
            what = "overlaps the blob before it" if blob.offset < end else "leaves a hole before it"
            raise file.error(f"'{name}' {what}, which the format forbids; the file is damaged, download it again")
        end += blob.nbytes
    if blobs and end != file.size:
        raise file.error(f"{file.size - end} bytes behind its blobs; the file is damaged, download it again")


def _is_possible_shape(shape: list[int]) -> bool:
    """Whether NumPy and Caffe can have such an array."""
    return len(shape) <= MAX_AXES and math.prod(max(size, 1) for size in shape) < 1 << 40


def _sizes(value: object) -> TypeGuard[list[int]]:
    """Whether a JSON value is a list of sizes."""
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 1 << 48 for size in value)
