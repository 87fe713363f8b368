"""`.safetensors`: a new header before the source's own bytes; memory does not grow with the model."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from converter.export.bytecopy import copy_blob
from converter.export.content import Content
from converter.formats.atomic import atomic_write
from converter.formats.keyed import keyed, order_metadata
from converter.formats.safetensors import encode_header
from converter.formats.stored import StoredBlob

_NO_DIGEST = "0" * 64


def save(content: Content, path: Path) -> None:
    """Write the blobs under their state_dict keys, with origin, blob order and layer types in the metadata.

    The bytes are copied by another thread while this one looks for NaN and a third takes the digest; the header, whose
    length does not depend on the digest, is written last.

    Raises:
        OutputError: the file cannot be written.
        WeightsError: a blob holds numbers that are not finite.
    """
    found = keyed(content.net)
    blobs = dict(sorted(found.items(), key=lambda item: -item[1].array.dtype.itemsize))  # every tensor stays aligned
    header = _header(content, blobs, _NO_DIGEST)
    with atomic_write(path) as file:
        file.write(header)
        file.flush()
        copying = _Copying(content.net.path, blobs, file)
        copying.start()
        try:
            digest = content.sha256
        finally:
            copying.join()
        if copying.error is not None:
            raise copying.error
        file.seek(0)
        file.write(_header(content, blobs, digest))


class _Copying(Thread):
    """Appends every blob's bytes to a file; `error` says what went wrong."""

    def __init__(self, source: str, blobs: dict[str, StoredBlob], out: BinaryIO) -> None:
        super().__init__(name="copy blobs")
        self.source, self.blobs, self.out = source, blobs, out
        self.error: OSError | None = None

    def run(self) -> None:
        """Copy."""
        mapped = any(blob.offset >= 0 for blob in self.blobs.values())
        try:
            with Path(self.source).open("rb", buffering=0) if mapped else nullcontext() as source:
                for blob in self.blobs.values():
                    copy_blob(source, blob, self.out)
            os.fsync(self.out.fileno())  # here, while the digest is still being taken
        except OSError as error:
            self.error = error


def _header(content: Content, blobs: dict[str, StoredBlob], digest: str) -> bytes:
    """The header with a digest in it."""
    metadata = {"format": "pt", **content.origin(digest), **order_metadata(content.net)}
    return encode_header(blobs, metadata)
