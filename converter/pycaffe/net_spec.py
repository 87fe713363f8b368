"""Nets written in Python: `L.Convolution(bottom, …)` makes tops, `NetSpec` names them, `to_proto` gives the prototxt.

Source: python/caffe/net_spec.py, whose names of layers and blobs these are.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

from converter.pycaffe.proto import caffe_pb2

Names = dict[object, str]


@cache
def param_name_dict() -> dict[str, str]:
    """Layer types with the field that holds their parameters: `Convolution` → `convolution`."""
    fields = caffe_pb2.LayerParameter.DESCRIPTOR.fields
    named = {item.name: item.message_type.name for item in fields if item.name.endswith("_param")}
    return {kind.removesuffix("Parameter"): name.removesuffix("_param") for name, kind in named.items()}


class Top:
    """One output of a layer: number `n` of `fn`."""

    def __init__(self, fn: Function, n: int) -> None:
        self.fn = fn
        self.n = n

    def to_proto(self) -> Any:
        """The NetParameter of all layers that this top needs."""
        return to_proto(self)

    def _to_proto(self, layers: dict[Any, Any], names: Names, autonames: Counter[str]) -> None:
        self.fn._to_proto(layers, names, autonames)


class Function:
    """A layer: its type, the tops it reads, its parameters.

    Raises:
        TypeError: an input is no top.
    """

    def __init__(self, type_name: str, inputs: tuple[Top, ...], params: dict[str, Any]) -> None:
        for index, given in enumerate(inputs):
            if not isinstance(given, Top):
                raise TypeError(f"{type_name} input {index} is not a Top (type is {type(given)})")
        self.type_name = type_name
        self.inputs = inputs
        self.params = dict(params)
        self.ntop: int = self.params.pop("ntop", 1)
        self.in_place: bool = self.params.pop("in_place", False)
        self.tops = tuple(Top(self, n) for n in range(self.ntop))

    def _get_name(self, names: Names, autonames: Counter[str]) -> str:
        if self.ntop:
            return self._get_top_name(self.tops[0], names, autonames)
        return _name_of(self, self.type_name, names, autonames)

    def _get_top_name(self, top: Top, names: Names, autonames: Counter[str]) -> str:
        return _name_of(top, top.fn.type_name, names, autonames)

    def _to_proto(self, layers: dict[Any, Any], names: Names, autonames: Counter[str]) -> None:
        """Add this layer, behind all that it reads, to `layers`."""
        if self in layers:
            return
        bottoms = []
        for top in self.inputs:
            top._to_proto(layers, names, autonames)
            bottoms.append(layers[top.fn].top[top.n])
        layer = caffe_pb2.LayerParameter(type=self.type_name, bottom=bottoms)
        if self.in_place:
            layer.top.extend(layer.bottom)
        else:
            layer.top.extend(self._get_top_name(top, names, autonames) for top in self.tops)
        layer.name = self._get_name(names, autonames)
        for name, value in self.params.items():
            self._assign(layer, name, value)
        layers[self] = layer

    def _assign(self, layer: Any, name: str, value: Any) -> None:
        """Set a parameter: in the type's own message where it has such a field, else in the layer."""
        own = f"{param_name_dict().get(self.type_name)}_param"
        message = getattr(layer, own, None)
        if not name.endswith("param") and message is not None and name in message.DESCRIPTOR.fields_by_name:
            assign_proto(message, name, value)
        else:
            assign_proto(layer, name, value)


def _name_of(thing: Top | Function, kind: str, names: Names, autonames: Counter[str]) -> str:
    """The name of a top or layer; one of its type and a count where the script gave none."""
    if thing not in names:
        autonames[kind] += 1
        names[thing] = f"{kind}{autonames[kind]}"
    return names[thing]


class NetSpec:
    """A net in the making: tops that are assigned to its attributes bear the attributes' names."""

    tops: OrderedDict[str, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "tops", OrderedDict())

    def __setattr__(self, name: str, value: Any) -> None:
        self.tops[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self.tops[name]
        except KeyError:
            raise AttributeError(f"the net has no top {name!r}; assign one first") from None

    def __delattr__(self, name: str) -> None:
        del self.tops[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.tops[name] = value

    def __getitem__(self, name: str) -> Any:
        return self.tops[name]

    def to_proto(self) -> Any:
        """The NetParameter of every layer that the assigned tops need."""
        names: Names = {top: name for name, top in self.tops.items()}
        return _net(list(self.tops.values()), names)


class Layers:
    """`caffe.layers`: an attribute for every layer type, a function of bottoms and parameters."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def make(*args: Top, **kwargs: Any) -> Any:
            function = Function(name, args, kwargs)
            return {0: function, 1: function.tops[0] if function.tops else None}.get(function.ntop, function.tops)

        return make


class Parameters:
    """`caffe.params`: enum values of parameter messages, as in `P.Pooling.MAX`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(caffe_pb2, f"{name}Parameter")


def to_proto(*tops: Any) -> Any:
    """The NetParameter of all layers that these tops need, with names of their types and counts."""
    return _net(list(tops), {})


def _net(tops: list[Any], names: Names) -> Any:
    layers: OrderedDict[Any, Any] = OrderedDict()
    autonames: Counter[str] = Counter()
    for top in tops:
        top._to_proto(layers, names, autonames)
    return caffe_pb2.NetParameter(layer=layers.values())


def assign_proto(proto: Any, name: str, val: Any) -> None:
    """Set a message's field from plain values: dicts are messages, lists repeat, one value stands for a list of one.

    Raises:
        AttributeError: the message has no such field.
    """
    target = getattr(proto, name)
    repeated = hasattr(target, "extend")
    values = list(val) if isinstance(val, (list, tuple)) else [val]
    if repeated and values and isinstance(values[0], dict):
        for value in values:
            _assign_all(target.add(), value)
    elif repeated:
        target.extend(values)
    elif isinstance(val, dict):
        target.SetInParent()
        _assign_all(target, val)
    else:
        setattr(proto, name, val)


def _assign_all(proto: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        assign_proto(proto, name, value)


layers = Layers()
params = Parameters()
