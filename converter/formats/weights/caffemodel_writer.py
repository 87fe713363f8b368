"""`.caffemodel`, written one layer at a time: a V2 NetParameter in the form of Caffe's snapshots.

Source: src/caffe/net.cpp (ToProto): `name`, then `layer` messages whose fields stand by number, blobs among them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.errors import OutputError
from converter.files.atomic import atomic_write
from converter.files.stream import BlobStream, as_stream, blob_stream
from converter.formats.protobuf.layer_definition import record_definition, stored_definition
from converter.formats.protobuf.wire_writer import blob_field, bytes_field, bytes_head
from converter.formats.record import Record
from converter.formats.weights.stored import Array, OutputWeights, StoredLayer

_NAME, _LAYER, _BLOBS = 1, 100, 7
_MOST_BYTES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class OutputLayer:
    """A layer to be written.

    `before` and `after`: the layer's other fields as protobuf bytes, those with numbers below and above that of the
    blobs (see `formats.definition`); where both are empty, name and type are written.
    """

    name: str
    type: str = ""
    blobs: tuple[Array | BlobStream, ...] = ()
    before: bytes = b""
    after: bytes = b""


def write(path: Path, outgoing: OutputWeights) -> None:
    """Write weights back to Caffe, with the definitions given, else those of the file they came from, bit for bit.

    Half floats become floats. A `.caffemodel` has no place for an origin.

    Raises:
        OutputError: the file cannot be written, is too large for Caffe, or the layers' types are not known.
    """
    write_caffemodel(path, outgoing.weights.name, _layers(outgoing, path))


def _layers(outgoing: OutputWeights, path: Path) -> Iterator[OutputLayer]:
    """Every layer to be written."""
    if outgoing.definitions:
        return _from_definitions(outgoing, outgoing.definitions)
    if outgoing.weights.layers[0].definition_kind == "LayerParameter":
        return _from_records(outgoing)
    if outgoing.weights.layers[0].span is not None:
        from converter.formats.protobuf.message import net_record
        from converter.formats.upgrade.upgrade import upgrade_net

        old = upgrade_net(net_record(outgoing.weights))
        return _from_definitions(outgoing, [layer for layer in old.all("layer") if isinstance(layer, Record)])
    untyped = [layer.name for layer in outgoing.weights.layers_with_blobs().values() if not layer.type]
    if untyped:
        text = f"the weights do not tell the layers' types ({untyped[0]} and {len(untyped) - 1} more); give --prototxt"
        raise OutputError(text, path=str(path), layer=untyped[0])
    return (
        OutputLayer(layer.name, layer.type, _streams(outgoing, layer))
        for layer in outgoing.weights.layers_with_blobs().values()
    )


def _from_definitions(outgoing: OutputWeights, definitions: Sequence[Record]) -> Iterator[OutputLayer]:
    """The layers of a net definition, blobs by name."""
    layers_with_blobs = outgoing.weights.layers_with_blobs()
    for layer in definitions:
        name = str(layer.last("name", ""))
        blobs = _streams(outgoing, layers_with_blobs[name]) if name in layers_with_blobs else ()
        yield OutputLayer(name, str(layer.last("type", "")), blobs, *record_definition(layer))


def _from_records(outgoing: OutputWeights) -> Iterator[OutputLayer]:
    """The layers of a caffemodel, their definitions byte for byte."""
    for layer in outgoing.weights.layers:
        yield OutputLayer(
            layer.name, layer.type, _streams(outgoing, layer), *stored_definition(outgoing.weights, layer)
        )


def _streams(outgoing: OutputWeights, layer: StoredLayer) -> tuple[BlobStream, ...]:
    """A layer's blobs, from the file a few megabytes at a time."""
    return tuple(blob_stream(blob, outgoing.weights.path) for blob in layer.stored)


def write_caffemodel(path: str | os.PathLike[str], name: str, layers: Iterable[OutputLayer]) -> int:
    """Write a weights file that Caffe reads, a few megabytes at a time; the result is its size in bytes.

    Raises:
        OutputError: it cannot be written, or would be larger than Caffe reads (2 GB - 1).
    """
    written = 0
    with atomic_write(path) as file:
        for piece in _chunks(name, layers):
            written += len(piece)
            if written > _MOST_BYTES:
                text = "would be larger than 2 GB - 1, the most Caffe reads; write .caffemodel.h5 instead"
                raise OutputError(text, path=os.fspath(path))
            file.write(piece)
    return written


def _chunks(name: str, layers: Iterable[OutputLayer]) -> Iterator[bytes]:
    """The file's bytes, a few megabytes at a time."""
    if name:
        yield bytes_field(_NAME, name.encode("utf-8", "surrogateescape"))
    for layer in layers:
        before = layer.before
        if not before and not layer.after:
            before = bytes_field(1, layer.name.encode("utf-8", "surrogateescape")) + bytes_field(2, layer.type.encode())
        fields = [blob_field(_BLOBS, as_stream(blob)) for blob in layer.blobs]
        yield bytes_head(_LAYER, len(before) + len(layer.after) + sum(size for size, _ in fields)) + before
        for _, pieces in fields:
            yield from pieces
        yield layer.after
