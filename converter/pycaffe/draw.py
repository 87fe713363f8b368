"""`caffe.draw`: a net as a drawing of layers and blobs.

Source: python/caffe/draw.py. Drawn by Graphviz's `dot` where it is installed, else here; pydot is not needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from converter.pycaffe.dot_graph import DotGraph
from converter.pycaffe.proto import caffe_pb2

LAYER_STYLE_DEFAULT = {"shape": "record", "fillcolor": "#6495ED", "style": "filled"}
NEURON_LAYER_STYLE = {"shape": "record", "fillcolor": "#90EE90", "style": "filled"}
BLOB_STYLE = {"shape": "octagon", "fillcolor": "#E0E0E0", "style": "filled"}
_COLORS = {"Convolution": "#FF5050", "Deconvolution": "#FF5050", "Pooling": "#FF9900", "InnerProduct": "#CC33FF"}
_WEIGHTED = ("Convolution", "Deconvolution", "InnerProduct")


def get_pooling_types_dict() -> dict[int, str]:
    """Names of the pooling methods by number."""
    values = caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR.values
    return {value.number: value.name for value in values}


def get_edge_label(layer: Any) -> str:
    """What stands at the arrow from a layer: its batch size or number of outputs, else nothing."""
    if layer.type == "Data":
        return f"Batch {layer.data_param.batch_size}"
    if layer.type in ("Convolution", "Deconvolution"):
        return str(layer.convolution_param.num_output)
    return str(layer.inner_product_param.num_output) if layer.type == "InnerProduct" else '""'


def get_layer_lr_mult(layer: Any) -> tuple[float, float]:
    """Learning-rate multipliers of weights and biases.

    Raises:
        ValueError: a type without them, or more than two.
    """
    if layer.type not in _WEIGHTED:
        raise ValueError(f"{layer.type} layers do not have a learning rate multiplier")
    rates = [param.lr_mult for param in layer.param]
    if len(rates) > 2:
        raise ValueError(f"layer {layer.name!r} has {len(rates)} param entries; expected at most 2")
    first, second = [*rates, 1.0, 1.0][:2]
    return first, second


def get_layer_label(layer: Any, rankdir: str, display_lrm: bool = False) -> str:
    """A layer's name, type, window and, where asked for, rates; in quotes, as the dot language wants it."""
    separator = " " if rankdir in ("TB", "BT") else r"\n"
    kind = layer.type
    if kind == "Pooling":
        kind = f"{kind} {get_pooling_types_dict()[layer.pooling_param.pool]}"
    parts = [layer.name, f"({kind})"]
    if layer.type in ("Convolution", "Deconvolution", "Pooling"):
        size, stride, pad = _window(layer)
        parts.append(separator.join([f"kernel size: {size}", f"stride: {stride}", f"pad: {pad}"]))
    if display_lrm and layer.type in _WEIGHTED and any(get_layer_lr_mult(layer)):
        parts.append("lr mult: {:.1f}, {:.1f}".format(*get_layer_lr_mult(layer)))
    return f'"{separator.join(parts)}"'


def _window(layer: Any) -> tuple[int, int, int]:
    """Kernel size, stride and pad."""
    if layer.type == "Pooling":
        view = layer.pooling_param
        return view.kernel_size, view.stride, view.pad
    view = layer.convolution_param
    size, stride, pad = (
        (list(values) or [default])[0] for values, default in ((view.kernel_size, 1), (view.stride, 1), (view.pad, 0))
    )
    return size, stride, pad


def choose_color_by_layertype(layertype: str) -> str:
    """The color of a layer's box."""
    return _COLORS.get(layertype, LAYER_STYLE_DEFAULT["fillcolor"])


def get_pydot_graph(
    caffe_net: Any, rankdir: str, label_edges: bool = True, phase: int | None = None, display_lrm: bool = False
) -> DotGraph:
    """A net as a graph of boxes for layers and octagons for blobs.

    Args:
        caffe_net: a NetParameter.
        rankdir: LR, TB or BT: left to right, top to bottom, bottom to top.
        label_edges: whether arrows from layers bear labels.
        phase: only layers of this phase; None: all.
        display_lrm: whether layers show their learning-rate multipliers.

    Raises:
        ValueError: a layer has include and exclude rules.
    """
    graph = DotGraph(caffe_net.name or "Net", rankdir)
    for layer in caffe_net.layer:
        if phase is not None and not _is_included(layer, phase):
            continue
        node = f"{layer.name}_{layer.type}"
        in_place = len(layer.bottom) == len(layer.top) == 1 and layer.bottom[0] == layer.top[0]
        style = NEURON_LAYER_STYLE if in_place else LAYER_STYLE_DEFAULT
        color = {} if in_place else {"fillcolor": choose_color_by_layertype(layer.type)}
        graph.add_node(node, get_layer_label(layer, rankdir, display_lrm), {**style, **color})
        for name in layer.bottom:
            graph.add_node(f"{name}_blob", name, BLOB_STYLE)
            graph.add_edge(f"{name}_blob", node, '""')
        for name in layer.top:
            graph.add_node(f"{name}_blob", name, BLOB_STYLE)
            graph.add_edge(node, f"{name}_blob", get_edge_label(layer) if label_edges else '""')
    return graph


def _is_included(layer: Any, phase: int) -> bool:
    if layer.include and layer.exclude:
        raise ValueError(f"layer {layer.name} has both include and exclude specified; use one of them")
    if layer.include:
        return any(rule.phase == phase for rule in layer.include)
    return not any(rule.phase == phase for rule in layer.exclude)


def draw_net(
    caffe_net: Any, rankdir: str, ext: str = "png", phase: int | None = None, display_lrm: bool = False
) -> bytes:
    """The drawing's bytes in the format of `ext`: png, jpg, pdf, dot; with Graphviz also svg and its others."""
    return get_pydot_graph(caffe_net, rankdir, phase=phase, display_lrm=display_lrm).create(ext)


def draw_net_to_file(
    caffe_net: Any,
    filename: str | os.PathLike[str],
    rankdir: str = "LR",
    phase: int | None = None,
    display_lrm: bool = False,
) -> None:
    """Write the drawing in the format of the file's ending; `.raw` gives the dot language.

    Raises:
        OutputError: the file cannot be written.
    """
    from converter.files.atomic import atomic_write

    ext = Path(filename).suffix.removeprefix(".") or "png"
    data = draw_net(caffe_net, rankdir, ext, phase, display_lrm)
    with atomic_write(filename) as file:
        file.write(data)
