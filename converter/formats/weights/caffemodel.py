"""`.caffemodel`: a NetParameter in binary, walked, never parsed whole; blobs are views into the mapped file.

Layers of all three schema versions are read: V2 (`layer`, 100), V1 (`layers`, 2) and V0 (inside V1). Only what every
version has is decoded: name, type, bottoms, tops, blobs. All other fields stay byte ranges, so that forks' fields that
share numbers (143 and 144 in early dilation models, varints at 145 to 148 in libfacedetection) cannot stop the weights.
Types are V2 names, as Caffe's upgrade gives them (src/caffe/util/upgrade_proto.cpp).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from converter.files.mapping import Mapped, map_file
from converter.formats.detect import format_of, wrong_format
from converter.formats.protobuf.blob import read_blob
from converter.formats.protobuf.wire import BYTES, VARINT, Span, WireField, text, walk
from converter.formats.upgrade.type_names import V0_TYPES, V1_TYPES
from converter.formats.weights.stored import StoredLayer, StoredWeights

_V2_LAYER, _V1_LAYER = 100, 2
_MOST_LAYERS, _MOST_REPEATS = 100_000, 10_000


@dataclass(frozen=True, slots=True)
class _Fields:
    """Numbers of the decoded fields in one version of the schema; -1 where the version has none."""

    kind: str
    name: int
    type: int
    bottom: int
    top: int
    blobs: int

    def field_numbers(self) -> tuple[int, ...]:
        """All of them."""
        return self.name, self.type, self.bottom, self.top, self.blobs


_V2 = _Fields("LayerParameter", 1, 2, 3, 4, 7)
_V1 = _Fields("V1LayerParameter", 4, 5, 2, 3, 6)
_V0 = _Fields("V0LayerParameter", 1, 2, -1, -1, 50)


def read_caffemodel(path: str | os.PathLike[str]) -> StoredWeights:
    """The weights file at `path`; its size does not count, only its layers' headers are read.

    Raises:
        CaffemodelError: it is missing, is another kind of file, is truncated or damaged, or holds no layer.
    """
    file = map_file(path)
    if (kind := format_of(file)) != "binary":
        raise wrong_format(file.path, kind)
    name = ""
    layers: list[StoredLayer] = []
    for item in walk(file, Span(0, file.size)):
        if item.wire != BYTES:
            continue
        if item.number == 1:
            name = text(file, item.span)
        elif item.number == _V2_LAYER:
            layers.append(_layer(file, item.span, _V2))
        elif item.number == _V1_LAYER:
            layers += _v1_layer(file, item.span)
        if len(layers) > _MOST_LAYERS:
            raise file.error(f"more than {_MOST_LAYERS} layers; the file is damaged, download it again", item.start)
    if not layers:
        raise file.error(f"holds no layer in its {file.size} bytes; is it a .caffemodel? download it again")
    return StoredWeights(file.path, name, tuple(layers), file)


def _v1_layer(file: Mapped, span: Span) -> Iterable[StoredLayer]:
    """A V1 layer, or the V0 layer inside it; V0's padding layers vanish, as in Caffe's upgrade."""
    inner = [item for item in walk(file, span) if item.number == 1 and item.wire == BYTES]
    if not inner:
        return [_layer(file, span, _V1)]
    old = _layer(file, inner[-1].span, _V0, [item.span for item in inner])  # protobuf merges a message given twice
    if old.type == "padding":
        return []
    outer = _layer(file, span, _V1)
    return [StoredLayer(old.name, old.type, outer.bottoms, outer.tops, old.stored, (), span, _V1.kind)]


def _layer(file: Mapped, span: Span, numbers: _Fields, parts: Sequence[Span] = ()) -> StoredLayer:
    """One layer by one version's field numbers, out of its `parts` where it has several."""
    known: dict[int, list[WireField]] = {number: [] for number in numbers.field_numbers()}
    for item in (item for part in parts or (span,) for item in walk(file, part)):
        if item.number in known:
            known[item.number].append(item)
            if len(known[item.number]) > _MOST_REPEATS:
                raise file.error(
                    f"a layer with more than {_MOST_REPEATS} fields {item.number}; the file is damaged", item.start
                )
    name = (_strings(file, known[numbers.name]) or ("",))[-1]
    blobs = [item.span for item in known[numbers.blobs] if item.wire == BYTES]
    return StoredLayer(
        name,
        _type(file, known[numbers.type], numbers),
        _strings(file, known[numbers.bottom]),
        _strings(file, known[numbers.top]),
        tuple(read_blob(file, blob, name, index) for index, blob in enumerate(blobs)),
        span=span,
        definition_kind=numbers.kind,
    )


def _strings(file: Mapped, items: Iterable[WireField]) -> tuple[str, ...]:
    """The values of a repeated string field."""
    return tuple(text(file, item.span) for item in items if item.wire == BYTES)


def _type(file: Mapped, items: list[WireField], numbers: _Fields) -> str:
    """The layer's type by its V2 name; a V1 number that Caffe does not have reads "V1:<number>"."""
    if numbers is _V1:
        values = [item.value for item in items if item.wire == VARINT]
        return V1_TYPES.get(values[-1], f"V1:{values[-1]}") if values else ""
    words = _strings(file, items)
    if not words:
        return ""
    return words[-1] if numbers is _V2 else V0_TYPES.get(words[-1], words[-1])
