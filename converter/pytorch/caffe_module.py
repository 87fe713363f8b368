"""A Caffe net as a `torch.fx.GraphModule`: ordinary modules under Caffe's layer names, called in file order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, fx, nn

from converter.errors import ConversionError, ShapeError, WeightsError
from converter.layers.layer import Operator, operator_type
from converter.net.net import Shape
from converter.net.preprocessing import Preprocessing
from converter.plan.plan import Plan
from converter.plan.weights import Matched
from converter.pytorch.builder import GraphBuilder, Trainable
from converter.pytorch.casting import check_cast
from converter.pytorch.collect import LAYER_ERRORS, BlobCollector, FailureFinder
from converter.pytorch.facts import LayerFacts, NetFacts
from converter.pytorch.graph_state import NodeState, graph_of, graph_state
from converter.pytorch.inputs import arguments_of, floating_parameter, misfits
from converter.pytorch.late_notes import LateNotes
from converter.pytorch.layer_blobs import caffe_blobs, held_tensors
from converter.pytorch.transform import Transform

_FACTS = "caffe"
_LATE_NOTES = "caffe_late_notes"
"""Key of `GraphModule.meta` that holds the net's facts: fx copies `meta` and loses other plain attributes."""


class CaffeModule(fx.GraphModule):
    """A net of any layer types at hand, with Caffe's names for layers, blobs, inputs and outputs.

    `net(data=x)` (or `net(x)`) gives the outputs in Caffe's order, `net.blobs(data=x)` every blob; `print(net.code)`
    shows the net. Each layer is a submodule under Caffe's name and takes its bottoms alone, so that any module can
    replace it (`net.fc8 = nn.Linear(4096, 5)`). Inputs are tensors of the module's type and device; NumPy arrays are
    converted. Input sizes may change between calls wherever no InnerProduct or the like fixes them.
    """

    plan: Plan
    """The configured net, on the module that was built from it; copies and pickles go without."""

    def __init__(self, root: nn.Module, graph: fx.Graph, facts: NetFacts) -> None:
        super().__init__(root, graph, "CaffeModule")
        self.meta[_FACTS] = facts

    @classmethod
    def of(cls, plan: Plan, values: Matched, notes: Sequence[str] = (), trainable: Trainable = "caffe") -> CaffeModule:
        """The module of a configured net.

        Args:
            plan: the net.
            values: the blobs of each layer; they become parameters without being copied.
            notes: what was done that the files do not say.
            trainable: which parameters ask for gradients.
        """
        builder = GraphBuilder(plan, values, trainable)
        module = cls(builder.root, builder.graph, builder.facts(notes))
        module.plan = plan
        return module

    @property
    def facts(self) -> NetFacts:
        """What is remembered of the Caffe net."""
        return cast(NetFacts, self.meta[_FACTS])

    @property
    def transform(self) -> Transform | None:
        """Makes the net's input of images, None where preprocessing is unknown; may be set."""
        return None if self.facts.preprocessing is None else Transform(self.facts.preprocessing)

    @transform.setter
    def transform(self, value: Preprocessing | Transform | None) -> None:
        known = value.preprocessing if isinstance(value, Transform) else value
        self.remember(replace(self.facts, preprocessing=known))

    def remember(self, facts: NetFacts) -> None:
        """Put other facts in place of what is remembered."""
        self.meta[_FACTS] = facts

    @property
    def inputs(self) -> dict[str, Shape]:
        """Shapes of the inputs by name, as the file or the caller states them."""
        return dict(self.facts.inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in Caffe's (alphabetical) order."""
        return self.facts.outputs

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done that the files do not say: fields left over, blobs filled, layers of the file not used.

        Weights that are NaN or infinite are counted when this is first asked for: a pass over the file.
        """
        late: LateNotes | None = self.meta.get(_LATE_NOTES)
        return self.facts.notes if late is None else (*self.facts.notes, *late.get())

    def note_later(self, make: Callable[[], Iterable[str]]) -> None:
        """Add notes that are made when `notes` is first asked for."""
        self.meta[_LATE_NOTES] = LateNotes(make)

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of each top in the training loss."""
        return dict(self.facts.loss_weights)

    def __call__(self, *args: Any, **inputs: Any) -> dict[str, Tensor]:
        """The net's outputs by name.

        This is the one door for NumPy arrays and Caffe's input names; a compiler or exporter, which looks at every
        line, goes past it to `forward`.

        Raises:
            ShapeError: an input does not fit, or a layer cannot take its bottoms; names the layer and their shapes.
        """
        if torch.compiler.is_compiling() or any(isinstance(value, fx.Proxy) for value in (*args, *inputs.values())):
            return cast("dict[str, Tensor]", super().__call__(*args, **inputs))
        values = self._arguments(args, inputs)
        try:
            return cast("dict[str, Tensor]", super().__call__(*values))
        except LAYER_ERRORS as error:
            raise self._at_layer(error, values) from error

    def blobs(self, *args: Any, **inputs: Any) -> dict[str, Tensor]:
        """Every blob by name, in the order of first writing; an in-place layer's blob holds its last writer's value."""
        values = self._arguments(args, inputs)
        collector = BlobCollector(self)
        try:
            collector.run(*values)
        except LAYER_ERRORS as error:
            raise self._at_layer(error, values) from error
        return collector.blobs

    def blob_parameter(self, layer: str, index: int) -> Tensor:
        """Caffe's blob `index` of a layer: the parameter or buffer itself, where the module holds it as Caffe does.

        BatchNorm's statistics are held divided by their scale factor; theirs are computed (`set_blobs` writes them).

        Raises:
            KeyError: the net has no layer of that name.
        """
        return caffe_blobs(self, self._layer(layer))[index]

    def set_blobs(self, layer: str, blobs: Sequence[np.ndarray[Any, Any]]) -> None:
        """Write a layer's blobs, given in Caffe's order and shapes, into the module.

        Raises:
            KeyError: the net has no layer of that name.
            ValueError: another number of blobs than the layer has.
        """
        facts = self._layer(layer)
        state = (operator_type(facts.type) or Operator).state_of(blobs)
        with torch.no_grad():
            for mine, array in zip(held_tensors(self, facts), state, strict=True):
                mine.copy_(torch.from_numpy(np.ascontiguousarray(array)).reshape(mine.shape))

    def adopt(self, owner: CaffeModule) -> None:
        """Hold the owner's own blobs in layers that it has too, by name (src/caffe/net.cpp, ShareTrainedLayersWith).

        Buffers that are no blobs, such as a layer's count of its passes, stay each net's own.

        Raises:
            WeightsError: blobs of other numbers or shapes.
        """
        for layer in self.facts.layers:
            given = owner.facts.layer_named(layer.name)
            if given is None or not layer.blobs:
                continue
            if layer.shapes != given.shapes:
                text = (
                    f"layer '{layer.name}': blobs of shapes {list(layer.shapes)}; the net whose weights it shares has "
                )
                raise WeightsError(f"{text}{list(given.shapes)}; state the layer alike in both", layer=layer.name)
            for name, value in zip(layer.blobs, held_tensors(owner, given), strict=True):
                path, _, key = name.rpartition(".")
                setattr(self.get_submodule(layer.target).get_submodule(path), key, value)

    def loss(self, blobs: Mapping[str, Tensor]) -> Tensor:
        """The training loss: the sum of every weighted top (src/caffe/net.cpp, ForwardFromTo)."""
        terms = [weight * blobs[top].sum() for top, weight in self.loss_weights.items()]
        if not terms:
            raise ShapeError("the net has no loss: no top carries a loss weight")
        return torch.stack([term.reshape(()) for term in terms]).sum()

    def _layer(self, name: str) -> LayerFacts:
        facts = self.facts.layer_named(name)
        if facts is None:
            raise KeyError(name)
        return facts

    def _arguments(self, args: Sequence[Any], inputs: Mapping[str, Any]) -> tuple[Tensor, ...]:
        return arguments_of(self.facts, args, inputs, floating_parameter(self))

    def _at_layer(self, error: Exception, values: Sequence[Tensor]) -> Exception:
        """The error with the layer, its type and its bottoms' shapes, found by running layer by layer."""
        finder = FailureFinder(self)
        failed = finder.run_until_failure(values)
        layer = next((one for one in self.facts.layers if failed and one.target == finder.target), None)
        if layer is None:
            return error
        if isinstance(error, ConversionError):
            error.message, error.layer = f"layer {layer.name!r} ({layer.type}): {error.message}", layer.name
            return error
        shapes = " and ".join(map(str, finder.shapes)) or "none"
        text = f"layer {layer.name!r} ({layer.type}): {error}; its bottoms' shapes: {shapes}"
        found = misfits(self.facts, values, floating_parameter(self))
        return ShapeError(f"{text}; {found}" if found else text, layer=layer.name)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> CaffeModule:
        """What `.half()`, `.to()` and their kin do to every tensor.

        Raises:
            WeightsError: numbers lie beyond the new type's range; nothing was changed.
        """
        lost = check_cast(self, fn)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if lost:
            note = f"{lost} numbers became 0 when the module was cast to a type of less range"
            self.remember(self.facts.with_note(note))
        return self

    def __copy__(self) -> CaffeModule:
        copied = CaffeModule(self, self.graph, self.facts)
        if _LATE_NOTES in self.meta:
            copied.meta[_LATE_NOTES] = self.meta[_LATE_NOTES]
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> CaffeModule:
        return cast(CaffeModule, super().__deepcopy__(memo))

    def __reduce__(self) -> tuple[Any, ...]:
        """Modules, graph and facts: fx's own form traces the code again, which loses the class and the blobs' names."""
        held = nn.Module()
        held._modules.update(self._modules)
        held._parameters.update(self._parameters)
        held._buffers.update(self._buffers)
        return _restore, (held, graph_state(self.graph), replace(self.facts, notes=self.notes), self.training)


def _restore(root: nn.Module, states: tuple[NodeState, ...], facts: NetFacts, training: bool) -> CaffeModule:
    """A pickled module."""
    module = CaffeModule(root, graph_of(states), facts)
    module.training = training
    return module
