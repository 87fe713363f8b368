"""A layer's definition as protobuf bytes, split where Caffe writes the blobs: what lies before them, what after."""

from __future__ import annotations

from converter.files.mapping import Mapped
from converter.formats.protobuf.wire import Span, walk
from converter.formats.record import Field, Record, Word
from converter.formats.weights.stored import StoredLayer, StoredWeights

_BLOBS = 7


def split_definition(file: Mapped, span: Span) -> tuple[bytes, bytes]:
    """The bytes of a LayerParameter's fields numbered below and above the blobs', which are left out."""
    before, after = bytearray(), bytearray()
    for item in walk(file, span):
        if item.number != _BLOBS:
            (before if item.number < _BLOBS else after).extend(file.data[item.start : item.span.end])
    return bytes(before), bytes(after)


def stored_definition(net: StoredWeights, layer: StoredLayer) -> tuple[bytes, bytes]:
    """The definition that a V2 layer of a caffemodel has, unknown fields included; b"" where it has none."""
    return split_definition(net.file, layer.span) if net.file is not None and layer.span is not None else (b"", b"")


def record_definition(layer: Record) -> tuple[bytes, bytes]:
    """The definition that a prototxt gives, in V2 form."""
    from converter.formats.protobuf.message import encode

    data = encode(layer)
    return split_definition(Mapped(layer.where.path, data, len(data)), Span(0, len(data)))


def in_phase(layer: Record, phase: str = "TEST") -> Record:
    """The definition with its phase stated, as Caffe writes every layer of a net (src/caffe/net.cpp, Net::Init)."""
    if "phase" in layer:
        return layer
    return layer.with_fields((*layer, Field("phase", Word(phase), layer.where)))
