"""Rewrites old spellings of a net's text into today's: V0 and V1 layers, `input` fields.

Source: src/caffe/util/upgrade_proto.cpp. Only what a forward pass can feel is carried over; learning rates and data
sources stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference.errors import NetError
from reference.text import Entry, Message, Quoted

V1_TYPES = (
    "", "Accuracy", "BNLL", "Concat", "Convolution", "Data", "Dropout", "EuclideanLoss", "Flatten", "HDF5Data",
    "HDF5Output", "Im2col", "ImageData", "InfogainLoss", "InnerProduct", "LRN", "MultinomialLogisticLoss", "Pooling",
    "ReLU", "Sigmoid", "Softmax", "SoftmaxWithLoss", "Split", "TanH", "WindowData", "Eltwise", "Power",
    "SigmoidCrossEntropyLoss", "HingeLoss", "MemoryData", "ArgMax", "Threshold", "DummyData", "Slice", "MVN", "AbsVal",
    "Silence", "ContrastiveLoss", "Exp", "Deconvolution",
)  # fmt: skip
"""Today's spelling of V1's type numbers."""

_BY_WORD = {word.upper(): word for word in V1_TYPES} | {"SOFTMAXLOSS": "SoftmaxWithLoss"}
_V0_TYPES = {"conv": "Convolution", "innerproduct": "InnerProduct", "pool": "Pooling", "images": "ImageData"}
_V0_MESSAGES = {"Convolution": "convolution_param", "InnerProduct": "inner_product_param", "Pooling": "pooling_param",
                "Dropout": "dropout_param", "LRN": "lrn_param", "Concat": "concat_param", "InfogainLoss":
                "infogain_loss_param"}  # fmt: skip
_V0_FIELDS = {
    "num_output": "num_output", "biasterm": "bias_term", "weight_filler": "weight_filler", "bias_filler": "bias_filler",
    "pad": "pad", "kernelsize": "kernel_size", "group": "group", "stride": "stride", "pool": "pool", "alpha": "alpha",
    "dropout_ratio": "dropout_ratio", "local_size": "local_size", "beta": "beta", "k": "k", "concat_dim": "concat_dim",
    "source": "source",
}  # fmt: skip


def _v1_type(word: str, known: dict[str, str]) -> str:
    if word.isdigit() and int(word) < len(V1_TYPES):
        return V1_TYPES[int(word)]
    flat = word.replace("_", "").upper()
    return _BY_WORD.get(flat) or known.get(flat, word)


def _from_v1(layer: Message, known: dict[str, str]) -> Message:
    result = Message(line=layer.line)
    modes = layer.words("blob_share_mode")
    names = 0
    for entry in layer.entries:
        if entry.name == "type" and isinstance(entry.value, str):
            result.add("type", Quoted(_v1_type(entry.value, known)), entry.line)
        elif entry.name == "param" and isinstance(entry.value, str):
            spec = Message([Entry("name", entry.value, entry.line)], entry.line)
            if names < len(modes):
                spec.add("share_mode", modes[names].replace("1", "PERMISSIVE").replace("0", "STRICT"))
            names += 1
            result.add("param", spec, entry.line)
        elif entry.name not in ("blobs_lr", "weight_decay", "blob_share_mode"):
            result.entries.append(entry)
    return result


def _from_v0(layer: Message, old: Message, pad: str | None) -> Message:
    word = old.word("type")
    kind = _V0_TYPES.get(word) or _BY_WORD.get(word.replace("_", "").upper(), word)
    result = Message([entry for entry in layer.entries if entry.name in ("bottom", "top")], layer.line)
    result.add("name", Quoted(old.word("name")))
    result.add("type", Quoted(kind))
    param = Message(line=layer.line)
    for entry in old.entries:
        if entry.name in _V0_FIELDS and not (entry.name == "pad" and pad is not None):
            param.add(_V0_FIELDS[entry.name], entry.value, entry.line)
    if pad is not None:
        param.add("pad", pad)
    if kind in _V0_MESSAGES:
        result.add(_V0_MESSAGES[kind], param)
    return result


def _v0_layer(layer: Message, path: str) -> Message:
    """The one V0 message in a `layers`: the field is optional, and protobuf's text reader takes it no second time."""
    found = layer.messages("layer")
    if not found:
        raise NetError("mixes V0 and V1 layers", path=path, line=layer.line)
    if len(found) > 1:
        raise NetError("has `layer` twice in one `layers`; give each its own", path=path, line=found[1].line)
    (inner,) = found
    return inner


def _v0_layers(layers: list[Message], path: str) -> Iterator[Message]:
    paddings: dict[str, Message] = {}
    for layer in layers:
        inner = _v0_layer(layer, path)
        if inner.word("type") == "padding":
            paddings.update(dict.fromkeys(layer.words("top"), layer))
            continue
        pad = None
        source = next((paddings[name] for name in layer.words("bottom") if name in paddings), None)
        if source is not None:
            if inner.word("type") not in ("conv", "pool") or len(layer.words("bottom")) != 1:
                what = f"layer {inner.word('name')!r} reads a padding layer; only conv and pool with one bottom may"
                raise NetError(what, path=path, line=layer.line)
            pad = _v0_layer(source, path).word("pad", "0")
            renamed = [Entry("bottom", source.word("bottom"), layer.line)]
            layer = Message(renamed + [entry for entry in layer.entries if entry.name != "bottom"], layer.line)
        for top in layer.words("top"):
            paddings.pop(top, None)
        yield _from_v0(layer, inner, pad)


def _inputs(net: Message, path: str) -> list[Message]:
    names = net.words("input")
    shapes = net.messages("input_shape")
    dims = net.words("input_dim")
    if not shapes and dims:
        if len(dims) != 4 * len(names):
            raise NetError(f"has {len(dims)} input_dim for {len(names)} inputs; expected four each", path=path)
        shapes = [Message([Entry("dim", dim, 0) for dim in dims[at : at + 4]]) for at in range(0, len(dims), 4)]
    if not names or not shapes:  # a name without a shape is dropped: upgrade_proto.cpp, UpgradeNetInput
        return []
    if len(shapes) != len(names):
        raise NetError(f"has {len(shapes)} input shapes for {len(names)} inputs; expected one each", path=path)
    line = net.named("input")[0].line
    layer = Message([Entry("name", Quoted("input"), line), Entry("type", Quoted("Input"), line)], line)
    for name in names:
        layer.add("top", name)
    param = Message(line=line)
    for shape in shapes:
        param.add("shape", shape)
    layer.add("input_param", param)
    return [layer]


def _move_fillers(layers: list[Message]) -> None:
    """BatchNorm's `filler` is that of the one-bottom Scale layer which reads its top first (intel/caffe's net.cpp)."""
    for at, layer in enumerate(layers):
        params = layer.messages("batch_norm_param") if layer.word("type") == "BatchNorm" else []
        fillers = [entry for param in params for entry in param.named("filler")]
        readers = [other for other in layers[at + 1 :] if layer.word("top") in other.words("bottom")]
        if not fillers or not readers or readers[0].word("type") != "Scale" or len(readers[0].words("bottom")) != 1:
            continue
        for param in params:
            param.entries = [entry for entry in param.entries if entry.name != "filler"]
        for param in readers[0].messages("scale_param"):
            param.entries = [entry for entry in param.entries if entry.name != "filler"]
        readers[0].add("scale_param", Message([fillers[-1]], fillers[-1].line), fillers[-1].line)


def upgraded_layers(net: Message, path: str, known: tuple[str, ...] = ()) -> list[Message]:
    """A net's fields -> its layers as LayerParameter messages in today's spelling, inputs first.

    `known`: layer types beyond V1's own that an old-style word (such as ROI_POOLING) may mean.

    Raises:
        NetError: where old and new layers are mixed, or input shapes do not match inputs.
    """
    new, old = net.messages("layer"), net.messages("layers")
    if new and old:
        raise NetError("has both `layer` and `layers`; Caffe takes one of the two", path=path, line=old[0].line)
    if any(layer.messages("layer") for layer in old):
        new = list(_v0_layers(old, path))
    elif old:
        by_word = {word.upper(): word for word in known}
        new = [_from_v1(layer, by_word) for layer in old]
    _move_fillers(new)
    return _inputs(net, path) + new
