"""`.caffemodel`: back to Caffe, with the layers' definitions from the prototxt, else from the file they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from converter.conversion.content import Content
from converter.errors import OutputError
from converter.formats.protobuf.layer_definition import record_definition, stored_definition
from converter.formats.record import Record
from converter.formats.weights.caffemodel_writer import OutgoingLayer, write_caffemodel


def save(content: Content, path: Path) -> None:
    """Write the blobs bit for bit, half floats as floats.

    Raises:
        OutputError: the file cannot be written, is too large for Caffe, or the layers' types are not known.
        WeightsError: a blob holds numbers that are not finite.
    """
    content.check()
    write_caffemodel(path, content.net.name, _layers(content, path))


def _layers(content: Content, path: Path) -> Iterator[OutgoingLayer]:
    """Every layer to be written."""
    if content.definitions:
        return _defined(content, content.definitions)
    if content.net.layers[0].definition_kind == "LayerParameter":
        return _copied(content)
    if content.net.layers[0].span is not None:
        from converter.formats.protobuf.message import net_record
        from converter.formats.upgrade.upgrade import upgrade_net

        old = upgrade_net(net_record(content.net))
        return _defined(content, [layer for layer in old.all("layer") if isinstance(layer, Record)])
    untyped = [layer.name for layer in content.net.weighted().values() if not layer.type]
    if untyped:
        text = f"the weights do not tell the layers' types ({untyped[0]} and {len(untyped) - 1} more); give --prototxt"
        raise OutputError(text, path=str(path), layer=untyped[0])
    return (OutgoingLayer(layer.name, layer.type, content.flows(layer)) for layer in content.net.weighted().values())


def _defined(content: Content, definitions: Sequence[Record]) -> Iterator[OutgoingLayer]:
    """The layers of a net definition, blobs by name."""
    weighted = content.net.weighted()
    for layer in definitions:
        name = str(layer.last("name", ""))
        blobs = content.flows(weighted[name]) if name in weighted else ()
        yield OutgoingLayer(name, str(layer.last("type", "")), blobs, *record_definition(layer))


def _copied(content: Content) -> Iterator[OutgoingLayer]:
    """The layers of a caffemodel, their definitions byte for byte."""
    for layer in content.net.layers:
        yield OutgoingLayer(layer.name, layer.type, content.flows(layer), *stored_definition(content.net, layer))
