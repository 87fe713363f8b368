"""Windows written as shapes, one `dim` a spatial axis, as video-caffe's Nd types have them (C3D, arXiv:1412.0767)."""

from __future__ import annotations

from reference.geometry import Window
from reference.layer import Layer

_ABSENT = {"kernel_shape": None, "stride_shape": 1, "pad_shape": 0}


def shaped_window(layer: Layer, message: str, axes: int) -> Window:
    """The window of kernel_shape, stride_shape (default 1) and pad_shape (default 0) over that many spatial axes."""
    params, found = layer.params(message), []
    for name, absent in _ABSENT.items():
        sizes = tuple(params.message(name, "shape").integers("dim"))
        if not sizes and absent is not None:
            sizes = (absent,) * axes
        if len(sizes) != axes or min(sizes) < (name != "pad_shape"):
            raise layer.error(f"{name} is {sizes}; expected {axes} sizes, one a spatial axis")
        found.append(sizes)
    return Window(found[0], found[1], found[2], (1,) * axes)
