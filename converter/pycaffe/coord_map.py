"""`caffe.coord_map`: how coordinates of one top of a NetSpec map to those of another, and the Crop that aligns them.

A map is (axis, scale, shift): `axis` is the first spatial one, None for layers that leave positions alone; position i
of the input lies at scale × i + shift of the output. Source: python/caffe/coord_map.py.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from converter.plan import coordinates
from converter.plan.coordinates import POSITION_KEEPING
from converter.pycaffe.net_spec import Function, Top
from converter.pycaffe.net_spec import layers as L  # noqa: N812

Map: TypeAlias = tuple[Any, Any, Any]

PASS_THROUGH_LAYERS = [*POSITION_KEEPING]
_IDENTITY: Map = (None, 1, 0)
_PER_AXIS = frozenset({"pad_h", "pad_w", "kernel_h", "kernel_w", "stride_h", "stride_w"})


class UndefinedMapException(Exception):  # noqa: N818 - scripts catch it by this name
    """A layer whose positions have no such map."""


class AxisMismatchException(Exception):  # noqa: N818 - scripts catch it by this name
    """Two maps over different axes."""


def conv_params(fn: Function) -> tuple[int, Any, Any, Any]:
    """First spatial axis, stride, extent with dilation, and pad of a Convolution, Pooling or the like.

    Raises:
        AssertionError: fields for one axis (`kernel_h`), which are not followed.
    """
    params = fn.params.get("convolution_param", fn.params)
    if _PER_AXIS & set(fn.params):
        raise AssertionError("cropping does not support legacy _h/_w params; use kernel_size, stride and pad")
    size, dilation, stride, pad = (
        np.array(params[name] if name == "kernel_size" else params.get(name, default), ndmin=1)
        for name, default in (("kernel_size", 0), ("dilation", 1), ("stride", 1), ("pad", 0))
    )
    return params.get("axis", 1), stride, (size - 1) * dilation + 1, pad


def crop_params(fn: Function) -> tuple[int, Any]:
    """First axis and offsets of a Crop."""
    params = fn.params.get("crop_param", fn.params)
    return params.get("axis", 2), np.array(params.get("offset", 0), ndmin=1)


def coord_map(fn: Function) -> Map:
    """The map from a layer's input to its output.

    Raises:
        UndefinedMapException: the type has none.
    """
    if fn.type_name in ("Convolution", "Pooling", "Im2col"):
        axis, stride, extent, pad = conv_params(fn)
        return axis, *coordinates.window_map(extent, stride, pad)
    if fn.type_name == "Deconvolution":
        axis, stride, extent, pad = conv_params(fn)
        return axis, *coordinates.transposed_map(extent, stride, pad)
    if fn.type_name in PASS_THROUGH_LAYERS:
        return _IDENTITY
    if fn.type_name == "Crop":
        axis, offset = crop_params(fn)
        return axis - 1, 1, -offset
    raise UndefinedMapException(fn.type_name)


def compose(base_map: Map, next_map: Map) -> Map:
    """One map after another.

    Raises:
        AxisMismatchException: they begin at different axes.
    """
    axis, *after = base_map
    next_axis, *before = next_map
    if None not in (axis, next_axis) and axis != next_axis:
        raise AxisMismatchException(f"axis {axis} and axis {next_axis}")
    return next_axis if axis is None else axis, *coordinates.compose((after[0], after[1]), (before[0], before[1]))


def inverse(coord_map: Map) -> Map:
    """The map from output to input."""
    axis, scale, shift = coord_map
    return axis, *coordinates.inverse((scale, shift))


def coord_map_from_to(top_from: Top, top_to: Top) -> Map:
    """The map from one top's positions to another's, by way of a top that both come from.

    Raises:
        RuntimeError: no chain of layers with maps joins them.
    """
    back = _maps_back(top_from)
    for top, to_map in _maps_back(top_to).items():
        if top in back:
            return compose(to_map, inverse(back[top]))
    raise RuntimeError("Could not compute map between tops; are they connected by spatial layers?")


def _maps_back(top: Top) -> dict[Top, Map]:
    """The map from each top that this one comes from, itself first; layers without maps end the walk."""
    maps: dict[Top, Map] = {top: _IDENTITY}
    frontier = [top]
    while frontier:
        current = frontier.pop(0)
        inputs = current.fn.inputs[:1] if current.fn.type_name == "Crop" else current.fn.inputs
        try:
            own = coord_map(current.fn) if inputs else None
        except UndefinedMapException:
            continue
        for below in inputs:
            maps[below] = compose(maps[current], own or _IDENTITY)
            frontier.append(below)
    return maps


def crop(top_from: Top, top_to: Top) -> Any:
    """A Crop layer that cuts `top_from` to the positions of `top_to`.

    Raises:
        AssertionError: scales that differ, or a shift that is negative or no whole number.
        RuntimeError: the tops are not joined.
    """
    axis, scale, shift = coord_map_from_to(top_from, top_to)
    shift = np.array(shift, ndmin=1)
    if not np.all(np.asarray(scale) == 1):
        raise AssertionError(f"scale mismatch on crop (a = {scale}); the two tops differ in stride")
    if not (shift <= 0).all():
        raise AssertionError(f"cannot crop negative offset (b = {shift}); pad the tops alike")
    if not (np.round(shift) == shift).all():
        raise AssertionError(f"cannot crop noninteger offset (b = {shift}); choose other kernel sizes or pads")
    offset = [int(value) for value in -np.round(shift)]
    return L.Crop(top_from, top_to, crop_param={"axis": axis + 1, "offset": offset})
