"""`.caffemodel`, written one layer at a time: a V2 NetParameter in the form of Caffe's snapshots.

Source: src/caffe/net.cpp (ToProto): `name`, then `layer` messages whose fields stand by number, blobs among them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from converter.errors import OutputError
from converter.files.atomic import atomic_write
from converter.files.flow import Flow, as_flow
from converter.formats.protobuf.wire_writer import blob_field, bytes_field, bytes_head
from converter.formats.weights.stored import Array

_NAME, _LAYER, _BLOBS = 1, 100, 7
_MOST_BYTES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class OutgoingLayer:
    """A layer to be written.

    `before` and `after`: the layer's other fields as protobuf bytes, those with numbers below and above that of the
    blobs (see `formats.definition`); where both are empty, name and type are written.
    """

    name: str
    type: str = ""
    blobs: tuple[Array | Flow, ...] = ()
    before: bytes = b""
    after: bytes = b""


def write_caffemodel(path: str | os.PathLike[str], name: str, layers: Iterable[OutgoingLayer]) -> int:
    """Write a weights file that Caffe reads, a few megabytes at a time; the result is its size in bytes.

    Raises:
        OutputError: it cannot be written, or would be larger than Caffe reads (2 GB - 1).
    """
    written = 0
    with atomic_write(path) as file:
        for piece in _pieces(name, layers):
            written += len(piece)
            if written > _MOST_BYTES:
                text = "would be larger than 2 GB - 1, the most Caffe reads; write .caffemodel.h5 instead"
                raise OutputError(text, path=os.fspath(path))
            file.write(piece)
    return written


def _pieces(name: str, layers: Iterable[OutgoingLayer]) -> Iterator[bytes]:
    """The file's bytes, a few megabytes at a time."""
    if name:
        yield bytes_field(_NAME, name.encode())
    for layer in layers:
        before = layer.before
        if not before and not layer.after:
            before = bytes_field(1, layer.name.encode()) + bytes_field(2, layer.type.encode())
        fields = [blob_field(_BLOBS, as_flow(blob)) for blob in layer.blobs]
        yield bytes_head(_LAYER, len(before) + len(layer.after) + sum(size for size, _ in fields)) + before
        for _, pieces in fields:
            yield from pieces
        yield layer.after
