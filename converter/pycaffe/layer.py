"""Layers as scripts see them: `type` and `blobs`; and the base class of layers written in Python.

Source: include/caffe/layers/python_layer.hpp, python/caffe/_caffe.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

from converter.pycaffe.blob import Blob, BlobVec


class Layer:
    """A layer that a script writes: a subclass has `setup`, `reshape`, `forward` and `backward` over blobs.

    Each is called with lists of blobs: `bottom` and `top`; `backward(top, propagate_down, bottom)` with a flag for
    each bottom. They read and write `data` and `diff` in place; `reshape` gives each top its shape.

    Attributes:
        param_str: what the prototxt's `python_param { param_str }` says.
        phase: `caffe.TRAIN` (0) or `caffe.TEST` (1).
        blobs: the layer's own blobs; `setup` adds them with `self.blobs.add_blob(…)`.
        type: "Python".
    """

    type = "Python"
    param_str: str
    phase: int
    blobs: BlobVec

    def __init__(self, param: object = None) -> None:
        del param  # Caffe hands a LayerParameter on; what of it counts is in param_str and phase

    def setup(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Called once, when the net is built."""

    def reshape(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Called before every forward pass: give the tops their shapes."""

    def forward(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Write the tops' data.

        Raises:
            NotImplementedError: the subclass has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(bottom, top)")

    def backward(self, top: Sequence[Blob], propagate_down: Sequence[bool], bottom: Sequence[Blob]) -> None:
        """Write the bottoms' diffs, and add to those of the layer's blobs; nothing where the subclass has none."""


class NativeLayer:
    """A layer of the net that is not written in Python: its type and its blobs.

    Attributes:
        type: Caffe's type.
        blobs: its blobs, in Caffe's order.
    """

    def __init__(self, kind: str, blobs: BlobVec) -> None:
        self.type = kind
        self.blobs = blobs

    def setup(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Done when the net was built."""

    def reshape(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Done in the forward pass."""
