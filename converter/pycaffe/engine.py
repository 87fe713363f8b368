"""Forward and backward passes over a net's blobs, from any layer to any other, on the module's own graph.

Source: src/caffe/net.cpp (ForwardFromTo, BackwardFromTo). Each layer is run by itself on the blobs as they are, so
that a pass starts and ends anywhere and sees what scripts wrote. A forward pass keeps what the backward pass needs
where one is likely (training, force_backward, or once one was asked for); otherwise the layers are run again for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from converter.net.splits import NetLayer
from converter.pycaffe.errors import CaffeError
from converter.pycaffe.gradient_flow import gradient_flow
from converter.pycaffe.layer_call import LayerCall, Record, Values, layer_calls
from converter.pycaffe.parameters import add_gradient
from converter.pycaffe.python_operator import PythonOperator
from converter.pycaffe.sources import Source, source_of
from converter.pytorch.collect import LAYER_ERRORS

if TYPE_CHECKING:
    from converter.net.net import Layer
    from converter.pycaffe.blob import Blob
    from converter.pycaffe.construction import Construction

Callback = Callable[[int], object]


class Engine:
    """Runs one net's layers over its blobs.

    Attributes:
        callbacks: called with the layer's index, by "before_forward", "after_forward", and the same of backward.
        records: what layers' last forward passes left for backward, by layer index.
    """

    def __init__(self, built: Construction, blobs: dict[str, Blob]) -> None:
        self._layers = built.listing.layers
        self._steps = built.steps
        self._blobs = blobs
        self._weights = built.loss_weights
        calls = layer_calls(built.module)
        self._calls = [None if layer.index is None else calls[layer.index] for layer in self._layers]
        pairs = list(zip(self._layers, self._steps, strict=True))
        self._flows = gradient_flow(pairs, self._weights, force=built.force_backward)
        self._sources: list[Source | None] = [
            None if step is None else source_of(step, built, blobs) for step in self._steps
        ]
        self._recording = built.module.training or built.force_backward
        self._ran: set[int] = set()
        self.records: dict[int, Record] = {}
        self.callbacks: dict[str, list[Callback]] = {}
        self._set_trained()

    def _set_trained(self) -> None:
        """Ask gradients of the parameters that collect them, a shared one in those of its layers that say so."""
        for call in self._calls:
            if call is not None:
                call.module.requires_grad_(False)
        for call, flow, step in zip(self._calls, self._flows, self._steps, strict=True):
            names = [blob.name for blob in step.operator.blobs] if step is not None else []
            for name, wanted in zip(names, flow.params, strict=True):
                if call is not None and wanted and (held := call.parameters().get(name)) is not None:
                    held.requires_grad_()
                    call.trained.add(name)

    def forward(self, first: int, last: int, device: torch.device) -> float:
        """Run layers `first` to `last`, both included; the sum of their weighted losses."""
        loss = 0.0
        with torch.no_grad():
            for index in range(first, last + 1):
                self._call_back("before_forward", index)
                self._forward_layer(index, device)
                loss += self._loss(index)
                self._call_back("after_forward", index)
        return loss

    def backward(self, first: int, last: int, device: torch.device) -> None:
        """Run layers `first` down to `last`, both included: bottoms' diffs are set, parameters' diffs added to."""
        self._recording = True
        fresh: set[str] = set()
        for index in range(first, last - 1, -1):
            self._call_back("before_backward", index)
            fresh.difference_update(self._layers[index].tops)
            if self._flows[index].needed:
                self._backward_layer(index, fresh, device)
            self._call_back("after_backward", index)

    def add_callback(self, when: str, run: Callback) -> None:
        """Call `run` with the layer's index at every layer."""
        self.callbacks.setdefault(when, []).append(run)

    def _call_back(self, when: str, index: int) -> None:
        for run in self.callbacks.get(when, ()):
            run(index)

    def _forward_layer(self, index: int, device: torch.device) -> None:
        step, call, source = self._steps[index], self._calls[index], self._sources[index]
        self._ran.add(index)
        if source is not None:
            source.forward(device)
        elif step is None:
            self._fit_diffs(self._layers[index].tops)
        elif isinstance(step.operator, PythonOperator):
            step.operator.reshape()
            step.operator.script_layer.forward(step.operator.bottom, step.operator.top)
        elif call is not None:
            for name, value in self._compute(index, call, self._bottoms(index, device)).items():
                self._store(name, value)

    def _compute(self, index: int, call: LayerCall, bottoms: Values) -> Values:
        """A layer's tops; what backward needs is kept where one is likely."""
        self.records.pop(index, None)
        try:
            if self._recording and self._flows[index].needed:
                record = call.record(bottoms, self._bottoms_with_gradient(index))
                self.records[index] = record
                return record.tops
            return call.run(bottoms)
        except LAYER_ERRORS as error:
            layer = self._layer(index)
            shapes = " and ".join(str(tuple(value.shape)) for value in bottoms.values())
            text = f"layer {layer.name!r} ({layer.type}): {error}; its bottoms' shapes: {shapes}"
            raise CaffeError(text, path=layer.where.path, line=layer.where.line, layer=layer.name) from error

    def _bottoms(self, index: int, device: torch.device) -> Values:
        return {name: self._blobs[name].data_memory.tensor(device) for name in self._layers[index].reads}

    def _bottoms_with_gradient(self, index: int) -> list[str]:
        """Names of the bottoms that get gradients."""
        bottoms = zip(self._layers[index].reads, self._flows[index].bottoms, strict=True)
        return [name for name, wanted in bottoms if wanted]

    def _store(self, name: str, value: Tensor) -> None:
        self._blobs[name].data_memory.store(value)
        self._fit_diffs((name,))

    def _fit_diffs(self, names: Sequence[str]) -> None:
        """Let diffs follow the shapes of the numbers."""
        for name in names:
            blob = self._blobs[name]
            if blob.diff_memory.shape != blob.data_memory.shape:
                blob.diff_memory.reshape(blob.shape)

    def _loss(self, index: int) -> float:
        """The layer's share of the loss: its tops times their weights."""
        total = 0.0
        for name in self._layers[index].tops if self._weights else ():
            if name in self._weights:
                memory = self._blobs[name].data_memory
                total += float(memory.tensor(memory.device).sum() * self._weights[name])
        return total

    def _backward_layer(self, index: int, fresh: set[str], device: torch.device) -> None:
        step, call = self._steps[index], self._calls[index]
        if step is None:
            self._backward_split(self._layers[index], fresh, device)
        elif isinstance(step.operator, PythonOperator):
            self._backward_python(index, step.operator, fresh, device)
        elif call is not None and self._sources[index] is None:
            diffs = {name: self._blobs[name].diff_memory.tensor(device) for name in step.layer.tops}
            gradients, parameters = call.backward(self._record(index, device), diffs)
            for read, name in zip(self._layers[index].reads, self._layers[index].bottoms, strict=True):
                if (gradient := gradients.pop(read, None)) is not None:
                    self._add_diff(name, gradient, fresh, device)
            for parameter, gradient in parameters:
                add_gradient(parameter, gradient)

    def _add_diff(self, name: str, gradient: Tensor, fresh: set[str], device: torch.device) -> None:
        """Set a bottom's diff, or add to it where another reader has set it in this pass."""
        memory = self._blobs[name].diff_memory
        weight = self._weights.get(name)
        if name in fresh:
            gradient = memory.tensor(device) + gradient
        elif weight:
            gradient = gradient + weight
        memory.store(gradient)
        fresh.add(name)

    def _backward_split(self, layer: NetLayer, fresh: set[str], device: torch.device) -> None:
        """The bottom's diff is the sum of the tops'."""
        memories = [self._blobs[name].diff_memory for name in layer.tops]
        known = [memory.tensor(device) for memory in memories if memory.is_allocated]
        if known:
            total = sum(known[2:], known[0] + known[1]) if len(known) > 1 else known[0].clone()
            self._add_diff(layer.bottoms[0], total, fresh, device)

    def _backward_python(self, index: int, operator: PythonOperator, fresh: set[str], device: torch.device) -> None:
        names = self._layers[index].bottoms
        before = {name: self._blobs[name].diff_memory.tensor(device).clone() for name in names if name in fresh}
        operator.script_layer.backward(operator.top, list(self._flows[index].bottoms), operator.bottom)
        for name, value in before.items():
            memory = self._blobs[name].diff_memory
            memory.store(memory.tensor(device) + value)
        fresh.update(names)

    def _record(self, index: int, device: torch.device) -> Record:
        """What the forward pass left, or the same from running the layer again on the blobs as they are."""
        record = self.records.get(index)
        shapes = {name: self._blobs[name].shape for name in self._layers[index].reads}
        if record is not None and all(tuple(record.bottoms[name].shape) == shape for name, shape in shapes.items()):
            return record
        values = self._bottoms(index, device)
        for earlier in self._earlier_writers(index):
            # An in-place layer's input is gone: it is computed again from where it came from.
            call = self._calls[earlier]
            if call is not None:
                with torch.no_grad():
                    values = {**values, **call.run({**self._bottoms(earlier, device), **values})}
        call = self._calls[index]
        if call is None:
            raise AssertionError(index)
        self.records[index] = call.record({name: values[name] for name in shapes}, self._bottoms_with_gradient(index))
        return self.records[index]

    def _earlier_writers(self, index: int) -> list[int]:
        """Layers to run again for an in-place layer's input: its blob's first writer, then in-place ones before it."""
        own = set(self._layers[index].tops) & set(self._layers[index].reads)
        found: list[int] = []
        for earlier in range(index - 1, -1, -1) if own and index in self._ran else ():
            layer = self._layers[earlier]
            if own & set(layer.tops):
                if not self._can_repeat(earlier):
                    return []
                found.insert(0, earlier)
                if not own & set(layer.reads):
                    break
        return found

    def _can_repeat(self, index: int) -> bool:
        """Whether running a layer again gives what it gave."""
        step = self._steps[index]
        return self._sources[index] is None and not (step and isinstance(step.operator, PythonOperator))

    def _layer(self, index: int) -> Layer:
        """A layer as the file states it.

        Raises:
            AssertionError: the file does not state it.
        """
        step = self._steps[index]
        if step is None:
            raise AssertionError(index)
        return step.layer
