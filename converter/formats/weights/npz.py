"""`.npz`: NumPy arrays by state_dict key in a zip archive; the archive's comment says where they came from.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, and the zip format's local file header.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.files.atomic import atomic_write
from converter.files.damage import NPZ_DAMAGE
from converter.files.json_text import parse_json
from converter.files.mapping import Mapped, map_file
from converter.files.memory import check_memory, expands_too_far
from converter.files.stream import BlobStream, blob_stream
from converter.formats.protobuf.blob import MAX_AXES
from converter.formats.weights.keys import by_key, layer_metadata, weights_by_key
from converter.formats.weights.stored import OutputWeights, StoredBlob, StoredWeights

_LONGEST_COMMENT = 65_535
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def read_npz(path: str | os.PathLike[str]) -> StoredWeights:
    """The weights in an `.npz` archive: half, single and double floats; views where the archive does not compress them.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than arrays of floats.
    """
    file = map_file(path)
    try:
        with zipfile.ZipFile(file.path) as archive:
            items = archive.infolist()
            _check_items(items, file)
            blobs = {item.filename.removesuffix(".npy"): _blob(archive, item, file) for item in items}
            metadata = _metadata(archive.comment)
    except NPZ_DAMAGE as error:
        raise file.error(f"no archive that reads ({error}); the file is truncated or damaged") from error
    return weights_by_key(file.path, blobs, metadata, file)


def write(path: Path, outgoing: OutputWeights) -> None:
    """Write blobs by key; origin, order and types go to the archive's comment.

    Raises:
        OutputError: the file cannot be written.
    """
    weights = outgoing.weights
    arrays = {key: blob_stream(blob, weights.path) for key, blob in by_key(weights).items()}
    metadata = {**outgoing.origin.table(), **layer_metadata(weights)}
    with atomic_write(path) as file:
        write_npz(file, arrays, metadata)


def write_npz(file: Any, arrays: Mapping[str, BlobStream], metadata: Mapping[str, str]) -> None:
    """Write the arrays into an open binary file, uncompressed, the same bytes for the same input.

    A megabyte or so is in memory at a time; metadata that a zip comment cannot hold is cut to the origin.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as member:
                header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
                np.lib.format.write_array_header_1_0(member, header)
                for chunk in array.chunks():
                    member.write(chunk.tobytes())
        comment = json.dumps(dict(metadata)).encode()
        if len(comment) > _LONGEST_COMMENT:
            comment = json.dumps({name: text for name, text in metadata.items() if len(text) < 1024}).encode()
        archive.comment = comment[:_LONGEST_COMMENT]


def _check_items(items: list[zipfile.ZipInfo], file: Mapped) -> None:
    """Refuse an archive before any of it is read: of other files, of two by one name, or one that would swell.

    NumPy stores or deflates; Python's readers of the other methods unpack a member whole, whatever is asked for.

    Raises:
        CaffemodelError: it is one.
        MemoryLimitError: what is compressed in it would not fit into memory.
    """
    counts = Counter(item.filename for item in items)
    other = [name for name, count in counts.items() if count > 1 or not name.endswith(".npy")]
    if other:
        raise file.error(f"'{other[0]}' is no array, or is there twice; save the arrays with numpy.savez")
    packed = [item for item in items if item.compress_type != zipfile.ZIP_STORED]
    foreign = [item.filename for item in packed if item.compress_type != zipfile.ZIP_DEFLATED]
    if foreign:
        raise file.error(f"'{foreign[0]}' is compressed as NumPy never does; save the arrays with numpy.savez")
    size = sum(item.file_size for item in items)
    if expands_too_far(size, file.size):
        text = f"{file.size} bytes that would expand to {size}; weights do not compress so far, download it again"
        raise file.error(text)
    if packed:
        largest = max(packed, key=lambda item: item.file_size).filename.removesuffix(".npy")
        check_memory(sum(item.file_size for item in packed), f"with '{largest}' the arrays", path=file.path)


def _blob(archive: zipfile.ZipFile, item: zipfile.ZipInfo, file: Mapped) -> StoredBlob:
    """One array, once what its header declares has been compared with what the archive holds.

    Raises:
        CaffemodelError: it holds no floats, or declares more or less than there is.
    """
    key = item.filename.removesuffix(".npy")
    with archive.open(item) as member:
        shape, fortran, dtype = _array_header(member)
        start = member.tell()
        count = math.prod(shape)
        if dtype.kind != "f" or dtype.itemsize > 8:
            raise file.error(f"'{key}' holds {dtype}, not floats; save it as float32")
        if len(shape) > MAX_AXES or count * dtype.itemsize != item.file_size - start:
            held = item.file_size - start
            raise file.error(f"'{key}': shape {shape} needs {count * dtype.itemsize} bytes, it has {held}")
        little = dtype.newbyteorder("<")
        plain = dtype == little and not fortran
        if item.compress_type == zipfile.ZIP_STORED and plain:
            offset = _data_offset(file, item) + start
            return StoredBlob(file.view(little.str, offset, count).reshape(shape), offset=offset)
        array = np.frombuffer(bytearray(member.read()), dtype)
    array = array.reshape(shape, order="F" if fortran else "C")
    return StoredBlob(np.ascontiguousarray(array, little).reshape(shape))


def _array_header(member: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """An array's shape, whether its first axis varies fastest, and its type."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(member)
    raise ValueError(f"an array of format {version}")


def _data_offset(file: Mapped, item: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind its local header, whose two last parts are of any length.

    Raises:
        CaffemodelError: there is no such header, or the bytes do not lie in the file.
    """
    signature, name, extra = _LOCAL_HEADER.unpack_from(file.data, item.header_offset)
    offset = int(item.header_offset) + _LOCAL_HEADER.size + int(name) + int(extra)
    if signature != b"PK\x03\x04" or offset + item.file_size > file.size:
        raise file.error(f"'{item.filename}' does not lie where the archive says; the file is truncated or damaged")
    return offset


def _metadata(comment: bytes) -> dict[str, str]:
    """The comment's table of texts, empty where it is none."""
    try:
        table = parse_json(comment)
    except ValueError:
        return {}
    return {str(name): text for name, text in table.items() if isinstance(text, str)} if isinstance(table, dict) else {}
