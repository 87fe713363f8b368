"""`.safetensors`: a new header before the source's own bytes; memory does not grow with the model."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from converter.conversion.content import Content
from converter.files.atomic import atomic_write
from converter.files.copy import copy_blob
from converter.files.libc import reserve
from converter.files.stream import piece_buffer
from converter.formats.weights.keyed import keyed, order_metadata
from converter.formats.weights.safetensors import encode_header
from converter.formats.weights.stored import StoredBlob
from converter.plan.finite import not_finite

_NO_DIGEST = "0" * 64


def save(content: Content, path: Path) -> None:
    """Write the blobs under their state_dict keys, with origin, blob order and layer types in the metadata.

    The bytes are looked at for NaN while they are copied; another thread takes the source's digest. The header, whose
    length does not depend on it, is written last.

    Raises:
        OutputError: the file cannot be written.
        WeightsError: a blob holds numbers that are not finite.
    """
    found = keyed(content.net)
    blobs = dict(sorted(found.items(), key=lambda item: -item[1].array.dtype.itemsize))  # every tensor stays aligned
    header = _header(content, blobs, _NO_DIGEST)
    with atomic_write(path, wait=False) as file:
        reserve(file.fileno(), len(header) + sum(blob.array.nbytes for blob in blobs.values()))
        file.write(header)
        file.flush()
        if not _copy(content, blobs.values(), file):
            content.check()
        file.seek(0)
        file.write(_header(content, blobs, content.sha256))


def _copy(content: Content, blobs: Iterable[StoredBlob], out: BinaryIO) -> bool:
    """Append every blob's bytes to a file; the result is False where a number is not finite and was looked at."""
    found: list[int] = []
    look = None if content.allow_nan else lambda numbers: found.append(not_finite(numbers))
    mapped = any(blob.offset >= 0 for blob in blobs)
    buffer = piece_buffer()
    with Path(content.net.path).open("rb", buffering=0) if mapped else nullcontext() as source:
        for blob in blobs:
            copy_blob(source, blob, out, buffer, look)
    return not any(found)


def _header(content: Content, blobs: dict[str, StoredBlob], digest: str) -> bytes:
    """The header with a digest in it."""
    metadata = {"format": "pt", **content.origin(digest), **order_metadata(content.net)}
    return encode_header(blobs, metadata)
