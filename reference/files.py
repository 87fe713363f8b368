"""Weights files of every format that the oracle reads, told apart by their first bytes, each by a reader of its own.

.caffemodel and .caffemodel.h5 hold blobs by position, .safetensors and .npz by key. A .pth is torch's own pickle:
whoever has torch hands its plain dict of arrays to `reference.run`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reference.caffemodel import read_caffemodel
from reference.errors import WireError
from reference.hdf5 import MAGIC, read_hdf5
from reference.npz import read_npz
from reference.safetensors import is_safetensors, read_safetensors
from reference.stored import Arrays, StoredLayer


def read_files(path: str | Path) -> Iterator[list[StoredLayer] | Arrays]:
    """A weights file, or several with commas between them (Caffe's `--weights a,b`), each as layers or arrays by key.

    Raises:
        WireError: a file is missing, cut off, or of no format that the oracle reads.
    """
    text = str(path)
    if "," in text and not Path(text).exists():
        yield from (read_file(part) for part in text.split(",") if part)
    else:
        yield read_file(text)


def read_file(path: str) -> list[StoredLayer] | Arrays:
    """One weights file: its layers where it holds blobs by position, its arrays where it holds them by key.

    Raises:
        WireError: the file is missing, cut off, or of no format that the oracle reads.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise WireError(f"cannot be read: {error.strerror or error}", path=path) from None
    if head.startswith(MAGIC):
        return read_hdf5(path)
    if head.startswith(b"PK\3\4"):
        return read_npz(path)
    return read_safetensors(path) if is_safetensors(head) else read_caffemodel(path)
