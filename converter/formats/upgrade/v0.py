"""Layers of the first spelling (V0, one flat message each) rewritten as V1 layers; padding layers folded away."""

from __future__ import annotations

from dataclasses import replace

from converter.errors import PrototxtError
from converter.formats.protobuf.schema import fields
from converter.formats.record import Field, Record, Value, Word
from converter.formats.upgrade.type_names import V0_TYPES, V1_TYPES

# What Caffe carries over from a V0 net's own fields, and from a V0 layer as it stands.
_NET_FIELDS = frozenset({"name", "input", "input_dim", "force_backward", "layers", "layer"})
_SAME = frozenset({"name", "blobs", "blobs_lr", "weight_decay"})

_MESSAGES = {
    "CONCAT": "concat_param",
    "CONVOLUTION": "convolution_param",
    "DATA": "data_param",
    "DROPOUT": "dropout_param",
    "HDF5_DATA": "hdf5_data_param",
    "IMAGE_DATA": "image_data_param",
    "INFOGAIN_LOSS": "infogain_loss_param",
    "INNER_PRODUCT": "inner_product_param",
    "LRN": "lrn_param",
    "POOLING": "pooling_param",
    "WINDOW_DATA": "window_data_param",
}
_WEIGHTS = ("CONVOLUTION", "INNER_PRODUCT")
_WINDOWS = ("CONVOLUTION", "POOLING")
_SOURCES = ("DATA", "HDF5_DATA", "IMAGE_DATA", "WINDOW_DATA")
# V0 field: its V1 name, and the types whose own message takes it.
_MOVES: dict[str, tuple[str, tuple[str, ...]]] = {
    "num_output": ("num_output", _WEIGHTS),
    "biasterm": ("bias_term", _WEIGHTS),
    "weight_filler": ("weight_filler", _WEIGHTS),
    "bias_filler": ("bias_filler", _WEIGHTS),
    "pad": ("pad", _WINDOWS),
    "kernelsize": ("kernel_size", _WINDOWS),
    "stride": ("stride", _WINDOWS),
    "group": ("group", ("CONVOLUTION",)),
    "pool": ("pool", ("POOLING",)),
    "dropout_ratio": ("dropout_ratio", ("DROPOUT",)),
    "local_size": ("local_size", ("LRN",)),
    "alpha": ("alpha", ("LRN",)),
    "beta": ("beta", ("LRN",)),
    "k": ("k", ("LRN",)),
    "source": ("source", (*_SOURCES, "INFOGAIN_LOSS")),
    "batchsize": ("batch_size", _SOURCES),
    "rand_skip": ("rand_skip", ("DATA", "IMAGE_DATA")),
    "shuffle_images": ("shuffle", ("IMAGE_DATA",)),
    "new_height": ("new_height", ("IMAGE_DATA",)),
    "new_width": ("new_width", ("IMAGE_DATA",)),
    "concat_dim": ("concat_dim", ("CONCAT",)),
    "det_fg_threshold": ("fg_threshold", ("WINDOW_DATA",)),
    "det_bg_threshold": ("bg_threshold", ("WINDOW_DATA",)),
    "det_fg_fraction": ("fg_fraction", ("WINDOW_DATA",)),
    "det_context_pad": ("context_pad", ("WINDOW_DATA",)),
    "det_crop_mode": ("crop_mode", ("WINDOW_DATA",)),
}
_TRANSFORMS = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}


def upgrade_v0(net: Record, notes: list[str]) -> Record:
    """A net with every V0 layer rewritten as V1; other nets pass (src/caffe/util/upgrade_proto.cpp, UpgradeV0Net).

    What Caffe loses on the way is noted: net fields beyond name, inputs and force_backward, and fields on a layer whose
    type has no use for them.

    Raises:
        PrototxtError: a padding layer feeds something else than one convolution's or pooling's only bottom.
    """
    if not any(_inner(item) for item in net.fields):
        return net
    kept: list[Field] = []
    for item in _merge_padding_layers(net).fields:
        if item.known and item.name not in _NET_FIELDS:
            notes.append(f"{item.where}: '{item.name}' is dropped from a net of V0 layers, as Caffe does")
            continue
        inner = _inner(item)
        kept.append(replace(item, value=_layer(item, inner, notes)) if inner is not None else item)
    return net.with_fields(kept)


def _inner(item: Field) -> Record | None:
    """The V0 message inside a `layers` field, if it has one."""
    if item.name != "layers" or not isinstance(item.value, Record):
        return None
    inner = item.value.last("layer")
    return inner if isinstance(inner, Record) else None


def _merge_padding_layers(net: Record) -> Record:
    """Padding layers removed, their pad set on the convolution or pooling that reads them."""
    padded: dict[Value, Record | None] = {}  # blob: the padding layer that wrote it last, if one did
    kept: list[Field] = []
    for item in net.fields:
        inner = _inner(item)
        if inner is None or not isinstance(item.value, Record):
            kept.append(item)
            continue
        sources = [padded[name] for name in item.value.all("bottom") if padded.get(name)]
        padding = item.value if inner.last("type") == "padding" else None
        padded.update(dict.fromkeys(item.value.all("top"), padding))
        if sources and sources[0] is not None:
            item = replace(item, value=_merge_padding(item.value, inner, sources[0]))
        if padding is None:
            kept.append(item)
    return net.with_fields(kept)


def _merge_padding(outer: Record, inner: Record, padding: Record) -> Record:
    """A convolution or pooling that reads what the padding layer read, with its pad."""
    name, kind = inner.last("name"), inner.last("type")
    bottom = next((item for item in padding.fields if item.name == "bottom"), None)
    if kind not in ("conv", "pool") or len(outer.all("bottom")) != 1 or bottom is None:
        where = outer.where
        message = f"layer '{name}' ({kind}) reads a padding layer; only a conv or pool with one bottom can; remove it"
        raise PrototxtError(message, path=where.path, line=where.line, column=where.column, layer=str(name))
    old = padding.last("layer")
    pad = next((item for item in reversed(old.fields) if item.name == "pad"), None) if isinstance(old, Record) else None
    pad = pad or Field("pad", 0, padding.where)
    padded = inner.with_fields([*(item for item in inner.fields if item.name != "pad"), pad])
    changed = {"bottom": bottom.value, "layer": padded}
    return outer.with_fields(replace(item, value=changed.get(item.name, item.value)) for item in outer.fields)


def _layer(item: Field, inner: Record, notes: list[str]) -> Record:
    """One V1 layer from the pair of an outer (bottoms, tops) and an inner V0 message."""
    outer = item.value if isinstance(item.value, Record) else inner
    kind = _v1_type(inner)
    flat = [entry for entry in outer.fields if entry.name != "layer"]
    flat += [entry for entry in inner.fields if entry.name in _SAME or not entry.known]
    flat += [replace(entry, value=Word(kind)) for entry in _last_of_each(inner) if entry.name == "type"]
    moved: dict[str, list[Field]] = {}
    for entry in _last_of_each(inner):
        if entry.name == "hdf5_output_param" and kind == "HDF5_OUTPUT":
            flat.append(entry)
        elif entry.name not in _SAME and entry.name != "type":
            _move(entry, kind, moved, f"layer '{inner.last('name', '')}' ({inner.last('type', '')})", notes)
    flat += [Field(name, _message(name, entries), entries[0].where) for name, entries in moved.items()]
    return Record("V1LayerParameter", outer.where, tuple(flat))


def _move(entry: Field, kind: str, moved: dict[str, list[Field]], layer: str, notes: list[str]) -> None:
    """Put a V0 field into the message that has it in V1, or note that this type has no use for it."""
    name, kinds = _MOVES.get(entry.name, ("", ()))
    if entry.name in _TRANSFORMS:
        moved.setdefault("transform_param", []).append(replace(entry, name=_TRANSFORMS[entry.name]))
    elif kind in kinds:
        moved.setdefault(_MESSAGES[kind], []).append(replace(entry, name=name))
    else:
        notes.append(
            f"{entry.where}: {layer}: '{entry.name}' has no meaning on this type and is dropped, as Caffe does"
        )


def _last_of_each(inner: Record) -> list[Field]:
    """The known fields of a flat layer, each once: the last one counts."""
    return list({item.name: item for item in inner.fields if item.known}.values())


def _message(name: str, entries: list[Field]) -> Record:
    """A V1 parameter message in the schema's order."""
    kind = fields("V1LayerParameter")[name].kind
    numbers = fields(kind)
    return Record(kind, entries[0].where, tuple(sorted(entries, key=lambda entry: numbers[entry.name].number)))


def _v1_type(inner: Record) -> str:
    """V1's word for a V0 type; a word that Caffe does not know stays."""
    word = str(inner.last("type", ""))
    named = V0_TYPES.get(word)
    words = fields("V1LayerParameter")["type"].values
    return next((name for name, number in words.items() if V1_TYPES[number] == named), word) if named else word
