"""Passes of a net over its blobs, from any layer to any other.

Source: python/caffe/pycaffe.py, src/caffe/net.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from converter.pycaffe import mode
from converter.pycaffe.errors import CaffeError, as_caffe_errors
from converter.pycaffe.memory import Array
from converter.pycaffe.net_views import NetViews


class NetPasses(NetViews):
    """A net that runs."""

    def forward(
        self, blobs: Sequence[str] | None = None, start: str | None = None, end: str | None = None, **kwargs: Any
    ) -> dict[str, Array]:
        """Run the layers from `start` to `end`, both included, and give the outputs by name.

        Args:
            blobs: names of further blobs to give.
            start: name of the first layer; None: the net's first.
            end: name of the last layer, whose tops are given then; None: the net's last.
            kwargs: values of all inputs, by name.

        Returns:
            Arrays that go on showing the blobs: copy what is to outlive the next pass.

        Raises:
            CaffeError: inputs other than the net's, or of another batch size; a layer that cannot take its bottoms.
            ValueError: no such layer.
        """
        first = 0 if start is None else self._layer_index(start)
        last = len(self._names) - 1 if end is None else self._layer_index(end)
        names = [*(self.outputs if end is None else self.top_names[end]), *(blobs or ())]
        self._fill(kwargs, self.inputs, "Input blob arguments do not match net inputs", "data")
        self._forward(first, last)
        return {name: self.blobs[name].data for name in dict.fromkeys(names)}

    def backward(
        self, diffs: Sequence[str] | None = None, start: str | None = None, end: str | None = None, **kwargs: Any
    ) -> dict[str, Array]:
        """Run the layers from `start` back to `end`, both included, and give the inputs' diffs by name.

        Args:
            diffs: names of further blobs whose diffs are given.
            start: name of the layer to begin at; None: the net's last.
            end: name of the layer to end at, whose bottoms' diffs are given then; None: the net's first.
            kwargs: diffs of all outputs, by name; without them the diffs are what they are, losses' their weights.

        Raises:
            CaffeError: outputs other than the net's, or of another batch size.
            ValueError: no such layer.
        """
        first = len(self._names) - 1 if start is None else self._layer_index(start)
        last = 0 if end is None else self._layer_index(end)
        names = [*(self.inputs if end is None else self.bottom_names[end]), *(diffs or ())]
        self._fill(kwargs, self.outputs, "Top diff arguments do not match net outputs", "diff")
        self._backward(first, last)
        return {name: self.blobs[name].diff for name in dict.fromkeys(names)}

    def before_forward(self, run: Any) -> None:
        """Call `run(index)` before each layer's forward pass."""
        self._engine.add_callback("before_forward", run)

    def after_forward(self, run: Any) -> None:
        """Call `run(index)` after each layer's forward pass."""
        self._engine.add_callback("after_forward", run)

    def before_backward(self, run: Any) -> None:
        """Call `run(index)` before each layer's backward pass."""
        self._engine.add_callback("before_backward", run)

    def after_backward(self, run: Any) -> None:
        """Call `run(index)` after each layer's backward pass."""
        self._engine.add_callback("after_backward", run)

    def _forward(self, first: int, last: int) -> float:
        """Run layers by index; the loss."""
        device = mode.device()
        self._parameters.write_back()
        self._move_to(device)
        with as_caffe_errors():
            loss = self._engine.forward(first, last, device)
        if self.module.training:
            self._parameters.refresh()
        return loss

    def _backward(self, first: int, last: int) -> None:
        """Run layers backward by index."""
        device = mode.device()
        self._parameters.write_back()
        self._move_to(device)
        with as_caffe_errors():
            self._engine.backward(first, last, device)
        self._parameters.refresh()

    def _move_to(self, device: torch.device) -> None:
        """Bring the module to where the mode says; nets that share parameters move each other's."""
        if device != self._device or (self._shares and any(one.device != device for one in self.module.parameters())):
            self._engine.records.clear()  # of the other device; a backward pass runs its layers again
            self.module.to(device)
            self._device = device

    def _layer_index(self, name: str) -> int:
        if name not in self._names:
            raise ValueError(f"the net has no layer {name!r}; its layers are {', '.join(self._names)}")
        return self._names.index(name)

    def _fill(self, values: dict[str, Any], names: Sequence[str], complaint: str, what: str) -> None:
        """Write arrays into blobs' data or diff, all of `names` at once or none."""
        if values and set(values) != set(names):
            raise CaffeError(f"{complaint}; seen {', '.join(sorted(values))}; expected {', '.join(names) or 'none'}")
        for name, value in values.items():
            blob = self.blobs[name]
            if blob.shape[:1] != value.shape[:1]:
                word = "Input" if what == "data" else "Diff"
                text = f"{word} is not batch sized: {name!r} is of shape {value.shape}, the blob of {blob.shape}"
                raise CaffeError(f"{text}; reshape the blob, or use forward_all")
            getattr(blob, what)[...] = value
