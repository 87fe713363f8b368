"""A stored layer's blobs as Caffe orders them and as a state dict holds them, by the word of the layer's type alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from converter.errors import WeightsError
from converter.formats.weights.stored import Array, StoredBlob, StoredLayer
from converter.layers.layer import Operator, operator_type, operator_types
from converter.net.names import indexed_names


class BlobNaming(NamedTuple):
    """Which of a type's blobs a file by key holds: `places` in Caffe's order, and whether as a state dict has them."""

    places: tuple[int, ...]
    in_state: bool


def kind_of(layer_type: str) -> type[Operator]:
    """The class of a type; of a type that is not registered the base class, with the names weight, bias, blob2."""
    return (operator_type(layer_type) if layer_type else None) or Operator


def naming(kind: type[Operator], names: Sequence[str], count: int) -> BlobNaming | None:
    """How a type with `count` blobs reads the names of a file by key; None where it does not.

    A file has the names of the state dict, those of earlier versions (Caffe's numbers as they are), or blob0, blob1, …
    (likewise), never a mixture.
    """
    own = indexed_names(kind.blob_names, count)
    older = indexed_names(kind.legacy_blob_names or kind.blob_names, count)
    for known, in_state in ((own, True), (older, False), (indexed_names((), count), False)):
        if set(names) <= set(known):
            return BlobNaming(tuple(known.index(name) for name in names), in_state)
    return None


def check_naming(
    kind: type[Operator], layer: StoredLayer, count: int, path: str, wanted: Sequence[str] = ()
) -> BlobNaming:
    """`naming`, where it has to succeed; `wanted` are the names of the blobs that a net has for the layer.

    Raises:
        WeightsError: a key is none that the type has; names the layer, the key and the nearest that there is.
    """
    found = naming(kind, layer.names, count)
    if found is not None:
        return found
    own = wanted or indexed_names(kind.blob_names, count)
    stranger = next(name for name in layer.names if name not in own) if set(layer.names) - set(own) else layer.names[0]
    import difflib  # for the error alone

    close = difflib.get_close_matches(stranger, own, n=2) or own
    where = f"layer '{layer.name}' ({kind.type or 'type unknown'})"
    text = f"{where}: key '{layer.name}.{stranger}' names none of its blobs, which are {', '.join(own)}"
    raise WeightsError(f"{text}; did you mean {' or '.join(close)}?", path=path, layer=layer.name)


def caffe_blobs(kind: type[Operator], layer: StoredLayer, path: str) -> list[StoredBlob]:
    """All of a layer's blobs in Caffe's order and terms, without a net: a file by key must hold every one of them.

    Raises:
        WeightsError: a key that the type does not have, or a blob that is missing between others.
    """
    if not layer.names:
        return positional_blobs(kind, layer)
    found = check_naming(kind, layer, len(layer.names), path)
    ordered = [blob for _, blob in sorted(zip(found.places, layer.stored, strict=True), key=lambda pair: pair[0])]
    if sorted(found.places) != list(range(len(ordered))):
        raise WeightsError(
            f"layer '{layer.name}' has only {', '.join(layer.names)}; give the prototxt", path=path, layer=layer.name
        )
    return in_caffe_terms(kind, ordered, layer.name, path) if found.in_state else ordered


def state_blobs(kind: type[Operator], layer: StoredLayer, path: str) -> dict[str, StoredBlob]:
    """A layer's blobs by their names in the state dict, in the state dict's terms.

    Those of a file by key that does not tell the layer's type stay as they are.

    Raises:
        WeightsError: as `caffe_blobs`.
    """
    if layer.names and not layer.type:
        return dict(zip(layer.names, layer.stored, strict=True))
    if layer.names:
        found = check_naming(kind, layer, len(layer.names), path)
        if found.in_state:
            named = zip(found.places, layer.names, layer.stored, strict=True)
            return {name: blob for _, name, blob in sorted(named, key=lambda item: item[0])}
    blobs = caffe_blobs(kind, layer, path)
    state = in_state_terms(kind, blobs, layer.name, path)
    return dict(zip(indexed_names(kind.blob_names, len(state)), state, strict=True))


def in_caffe_terms(kind: type[Operator], state: Sequence[StoredBlob], layer: str, path: str) -> list[StoredBlob]:
    """A layer's blobs, given in the state dict's terms and Caffe's order, as Caffe has them.

    Raises:
        WeightsError: the type has no such set of blobs.
    """
    return _convert_terms(kind, "blobs_of", state, layer, path)


def in_state_terms(kind: type[Operator], blobs: Sequence[StoredBlob], layer: str, path: str) -> list[StoredBlob]:
    """A layer's blobs, given in Caffe's terms and order, as the state dict has them.

    Raises:
        WeightsError: the type has no such set of blobs.
    """
    return _convert_terms(kind, "state_of", blobs, layer, path)


def _convert_terms(
    kind: type[Operator], method: Literal["state_of", "blobs_of"], blobs: Sequence[StoredBlob], layer: str, path: str
) -> list[StoredBlob]:
    """The blobs after a method of the type's class; the base class's changes nothing."""
    change: Callable[[Sequence[Array]], list[Array]] = getattr(kind, method)
    if getattr(change, "__func__", None) is getattr(Operator, method).__func__:
        return list(blobs)
    try:
        return with_arrays(blobs, change([blob.array for blob in blobs]))
    except ValueError as error:
        shapes = ", ".join("×".join(map(str, blob.shape)) or "scalar" for blob in blobs)
        text = f"layer '{layer}' ({kind.type}): its blobs are of shapes {shapes}; {error}"
        raise WeightsError(f"{text}; save the whole layer again", path=path, layer=layer) from None


def with_arrays(blobs: Sequence[StoredBlob], arrays: Sequence[Array]) -> list[StoredBlob]:
    """The blobs with other arrays of their shapes; one whose numbers are the same bytes keeps its place in the file."""
    return [
        replace(blob, numbers=array, offset=blob.offset if _same_bytes(blob.array, array) else -1)
        for blob, array in zip(blobs, arrays, strict=True)
    ]


def _same_bytes(old: Array, new: Array) -> bool:
    return old is new or (old.ctypes.data == new.ctypes.data and old.nbytes == new.nbytes and old.dtype == new.dtype)


def positional_blobs(kind: type[Operator], layer: StoredLayer) -> list[StoredBlob]:
    """The blobs of a layer in a file by position, in Caffe's order and shapes of today."""
    order = kind.file_order([blob.shape for blob in layer.stored])
    return [drop_legacy_axes(kind, index, layer.stored[place]) for index, place in enumerate(order)]


def drop_legacy_axes(kind: type[Operator], index: int, blob: StoredBlob) -> StoredBlob:
    """The blob without the axes that the 4-D form put before it, where the layer's type tells them.

    Caffe compares a legacy shape with the target left-padded by ones (src/caffe/blob.cpp, ShapeEquals). With no target
    at hand the type's `legacy_axes` tell; else what is 1×1×1×n is (n,).
    """
    shape = blob.shape
    if kind.flat_blobs and len(shape) > 1 and max(shape) == blob.size:
        return blob.reshape((blob.size,))
    if not blob.legacy or len(shape) != 4:
        return blob
    axes = kind.legacy_axes[index] if index < len(kind.legacy_axes) else 1
    if set(shape[: 4 - axes]) <= {1}:
        return blob.reshape(shape[4 - axes :])
    return replace(blob, legacy=False)


def kind_of_layer(layer: StoredLayer, path: str) -> type[Operator]:
    """The class that a stored layer's type names, or, in a file by key without types, its blobs' names.

    The names tell where every known type that has such blobs reads them alike, as weight and bias are.

    Raises:
        WeightsError: types that have such blobs read them differently, so that their order would be a guess.
    """
    if layer.type or not layer.names:
        return kind_of(layer.type)
    readings = {kind: _find_naming(kind, layer) for kind in {*operator_types().values(), Operator}}
    kinds = [kind for kind, reading in readings.items() if reading is not None]
    if len({readings[kind] for kind in kinds}) != 1:
        text = (
            f"layer '{layer.name}': the file does not tell its type, and its blobs {', '.join(layer.names)} do not tell"
        )
        raise WeightsError(f"{text} their order in Caffe; give --prototxt", path=path, layer=layer.name)
    return kinds[0]


def _find_naming(kind: type[Operator], layer: StoredLayer) -> tuple[BlobNaming, type[Operator] | None] | None:
    """How a type reads a layer's names, and the type itself where its blobs are not those of the state dict.

    None: the type has no such names, or not this many of them.
    """
    found = naming(kind, layer.names, len(layer.names))
    if found is None:
        return None
    arrays = [blob.array for _, blob in sorted(zip(found.places, layer.stored, strict=True), key=lambda pair: pair[0])]
    try:
        blobs = kind.blobs_of(arrays)
    except ValueError:
        return None
    same = all(mine is theirs for mine, theirs in zip(blobs, arrays, strict=True))
    return found, None if same else kind
