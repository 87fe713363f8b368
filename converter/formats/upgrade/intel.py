"""Intel's BatchNorm and the Scale layer behind it, which its engines make one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.formats.record import Field, Record


def move_fillers(net: Record, notes: list[str]) -> Record:
    """A net with each BatchNorm's `filler` moved into the Scale layer of one bottom that reads its top first.

    There its numbers begin, whatever filler the Scale layer names (intel/caffe, src/caffe/net.cpp,
    CompilationRuleRemoveScale; its Caffe engine, which merges nothing, reads no such filler).
    """
    fields, moved = list(net.fields), []
    for index, item in enumerate(fields):
        filler = _filler(item)
        scale = _reader(fields, index) if filler else None
        if filler is None or scale is None:
            continue
        moved.append(filler)
        fields[index] = _without_filler(item)
        fields[scale] = _with_filler(fields[scale], filler)
    if moved:
        many = f" ({len(moved)} layers)" if len(moved) > 1 else ""
        notes.append(
            f"{moved[0].where}: a BatchNorm's filler is that of the Scale layer behind it{many}, as Intel's is"
        )
    return net.with_fields(fields)


def _layer(item: Field) -> Record | None:
    return item.value if item.name == "layer" and isinstance(item.value, Record) else None


def _filler(item: Field) -> Field | None:
    """The last `filler` of a BatchNorm layer, which other Caffes do not know."""
    layer = _layer(item)
    if layer is None or layer.last("type") != "BatchNorm":
        return None
    params = [value for value in layer.all("batch_norm_param") if isinstance(value, Record)]
    found = [field for param in params for field in param if field.name == "filler" and isinstance(field.value, Record)]
    return found[-1] if found else None


def _reader(fields: Sequence[Field], index: int) -> int | None:
    """Where the first layer stands that reads the top of the one at `index`, if it is a Scale of one bottom."""
    own = _layer(fields[index])
    top = own.last("top") if own else None
    for place in range(index + 1, len(fields)):
        layer = _layer(fields[place])
        if layer and top in layer.all("bottom"):
            return place if layer.last("type") == "Scale" and len(layer.all("bottom")) == 1 else None
    return None


def _without_filler(item: Field) -> Field:
    layer = item.value
    assert isinstance(layer, Record)
    kept = [
        replace(field, value=field.value.with_fields(inner for inner in field.value if inner.name != "filler"))
        if field.name == "batch_norm_param" and isinstance(field.value, Record)
        else field
        for field in layer
    ]
    return replace(item, value=layer.with_fields(kept))


def _with_filler(item: Field, filler: Field) -> Field:
    layer = item.value
    assert isinstance(layer, Record) and isinstance(filler.value, Record)
    stated = [value for value in layer.all("scale_param") if isinstance(value, Record)]
    inner = [field for param in stated for field in param if field.name != "filler"]
    moved = replace(filler, value=replace(filler.value, kind="FillerParameter"))
    where = stated[-1].where if stated else filler.where
    param = Field("scale_param", Record("ScaleParameter", where, (*inner, moved)), where)
    return replace(item, value=layer.with_fields([*(f for f in layer if f.name != "scale_param"), param]))
